package portable

func unixSystem() *system { return aixSystem() }
