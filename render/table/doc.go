// Package table prints sockets as aligned columns for people.
//
// One table serves three readers. Through a pipe nothing is ever shortened. On
// a terminal the columns that matter least give way, with an ellipsis, until a
// row fits; addresses, ports, numbers and states are never cut, and a row that
// does not fit even so runs over. And a table of a million rows streams in flat
// memory: widths come from the first rows, the address columns are set aside
// at the full width that their family can need, and a later cell that is longer
// still takes from the padding behind it.
//
// Each socket is exactly one line, without control bytes (other than the
// palette's colours) and without trailing blanks. Where details are to stand
// beneath the rows, those follow in lines that begin with four blanks, of
// "name:value" separated by single blanks; a terminal breaks such a line between
// two of these, a pipe never, and Oneline puts them at the end of the row.
//
// The package never decides about colour, width or order; it writes what it is
// given in the order given.
package table
