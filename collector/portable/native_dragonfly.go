package portable

func unixSystem() *system { return dragonflySystem() }
