package portable

func unixSystem() *system { return netbsdSystem() }

func unixHostOf() Host { return unixHost{} }
