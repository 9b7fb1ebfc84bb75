// Package csvout prints sockets as comma-separated values (RFC 4180) for
// spreadsheets and scripts: a line of column names, then one line a socket,
// each ended by a single "\n".
//
// A cell holds the same escaped text as a table cell, so a line is always one
// socket and holds no control bytes. Only what a table rounds or gives a unit
// is a bare number here, in the unit that the JSON has it in. No value is an
// empty cell, never the table's "-". A cell that would begin with "=", "+", "-"
// or "@", which spreadsheets run as a formula, begins with that character's
// escape instead (\x3d, \x2b, \x2d, \x40), unless it is a negative number.
package csvout
