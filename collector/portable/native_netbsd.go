package portable

func unixSystem() *system { return netbsdSystem() }
