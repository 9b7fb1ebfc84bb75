package portable

func unixSystem() *system { return macSystem() }
