// Package fact is the one list of what can be known of a socket beyond its
// addresses and its processes: each fact is at once a column, a sort key, a
// filter operand and a value in the JSON, and has its name, unit and meaning
// from here.
//
// It fetches nothing and formats nothing for a terminal; it says which details
// a fact needs and reads it from, or writes it into, a socket.Socket.
package fact
