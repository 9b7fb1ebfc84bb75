package config

// home is where programs keep their settings.
func home(env func(name string) string) string { return env("AppData") }
