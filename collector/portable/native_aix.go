package portable

func unixSystem() *system { return aixSystem() }

func unixHostOf() Host { return unixHost{} }
