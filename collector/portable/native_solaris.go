//go:build !illumos

package portable

func unixSystem() *system { return solarisSystem("Solaris") }

func unixHostOf() Host { return unixHost{} }
