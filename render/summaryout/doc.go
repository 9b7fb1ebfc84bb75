// Package summaryout prints a summary: as text, in two parts of which the first
// can be shown while the second is still being counted, or as one JSON
// document under the schema of package jsonout.
//
// The text keeps to 80 columns, but for an address that is longer than the rest
// of its line. What is wrong is said in words at its end, where a terminal
// shows it, and in colour where there is one.
package summaryout
