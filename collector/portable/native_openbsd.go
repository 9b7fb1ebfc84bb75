package portable

func unixSystem() *system { return openbsdSystem() }

func unixHostOf() Host { return unixHost{} }
