// Command pack builds the program for many systems and puts each into an archive
// with its man pages, completion scripts and documents, beside one list of checksums.
//
// Building twice gives the same bytes: nothing that goes into an archive depends on
// the time, the directory, the user or the order of a file system. The version and
// the time come out of the program itself, where the go command has written what git
// knows; SOURCE_DATE_EPOCH takes the place of that time. It never asks a network, and
// publishes nothing.
package main
