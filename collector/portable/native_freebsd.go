package portable

func unixSystem() *system { return freebsdSystem() }
