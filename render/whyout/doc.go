// Package whyout prints for people what package why answers: whether a port can
// be bound, and if not, what is in the way and what to do about it.
//
// The first line is the verdict and says the most of it. Then comes each reason
// with the sockets it is, every process that holds them, why they matter and
// what can be done; what is in the way comes before what merely is worth
// knowing. A fact that is the same for the next process is not said again. Long
// lists end in a count; the JSON has all of them.
//
// Lines are broken between words where a terminal is given, and never within a
// command line, which stands on a line of its own so that it can be taken as it
// is. Everything is escaped; a name that could pass for something else stands in
// quotes.
package whyout
