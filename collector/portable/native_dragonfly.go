package portable

func unixSystem() *system { return dragonflySystem() }

func unixHostOf() Host { return unixHost{} }
