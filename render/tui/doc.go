// Package tui is the screen of `sockls watch`: a live table of sockets.
//
// It is fed by a Source, which looks at the sockets again and again and tells
// what has changed, and it shows that: sorted and steady, with the cursor on its
// socket, new rows lit and those that are closed struck through for a moment. It
// knows no kernel and no command line: what it shows is asked of the Source, and
// what it does (filters are parsed, processes ended, files written) is done by
// functions that the caller gives.
//
// The model is pure: Update and View read no clock but the one given and touch
// no terminal. Run puts it on a terminal with bubbletea, takes the signals, and
// leaves the terminal as it was found, whatever happens.
//
// This is the only package that imports bubbletea, and has nothing to do itself
// when the program starts; what bubbletea imports makes tables then, which takes a
// quarter of a millisecond. Neither bubbles nor lipgloss is used: the table and the
// line editor are small, and colours are the sixteen of package text. Nothing is asked
// of the terminal: an answer that comes late would stand in the next prompt.
package tui
