package portable

func unixSystem() *system { return solarisSystem("illumos") }
