package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// edition is what was built, and when its source was made.
type edition struct {
	version string
	time    time.Time
}

// oldest is what a zip file can hold, and the time of a source that has none.
var oldest = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// editionOf reads it out of a program.
func editionOf(path string) (edition, error) {
	e := edition{version: "devel", time: oldest}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return e, err
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		e.version = v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			if e.time, err = time.Parse(time.RFC3339, s.Value); err != nil {
				return e, fmt.Errorf("time of the commit: %w", err)
			}
		}
	}
	if text := os.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return e, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
		}
		e.time = time.Unix(seconds, 0)
	}
	e.time = e.time.UTC().Truncate(2 * time.Second) // as exact as a zip file is
	if e.time.Before(oldest) {
		e.time = oldest
	}
	return e, nil
}

// number is the version as package managers write it.
func (e edition) number() string {
	if e.version == "devel" {
		return "0.0.0-devel"
	}
	return strings.TrimPrefix(e.version, "v")
}
