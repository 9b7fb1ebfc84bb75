package portable

func unixSystem() *system { return openbsdSystem() }
