package portable

func unixSystem() *system { return freebsdSystem() }

func unixHostOf() Host { return unixHost{} }
