// Package streams is where bytes enter and leave the program: the three
// standard streams, whether they are terminals, how wide, and whether to
// colour. Everything is a value, so tests put buffers in its place.
//
// It never asks a terminal anything: width comes from the system and colour from
// the environment, so a terminal that does not answer costs nothing.
package streams
