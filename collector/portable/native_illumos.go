package portable

func unixSystem() *system { return solarisSystem("illumos") }

func unixHostOf() Host { return unixHost{} }
