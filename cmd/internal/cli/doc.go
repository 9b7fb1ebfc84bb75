// Package cli is the command line: it turns flags into one Query, hands it to
// the collector and its rows to a renderer, and turns the outcome into an exit
// code. One file a command, each with an Options struct that tests can fill.
package cli
