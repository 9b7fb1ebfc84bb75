// Package saved answers queries from a file in place of a kernel: from the
// document and the lines that package jsonout writes under the schema
// "sockls/v1", and from the raw sock_diag answers that "ss -D" writes.
//
// What a file is follows from its first bytes. Rows stream: no more of a file
// is in memory than the row that is being read, but for a document whose
// sockets stand before what is said about them. The rows of any form pass
// through one choice, the query's.
//
// The package never asks the machine it runs on: what a file does not hold is
// not known, and the report says so. Files are hostile: the size of a text and
// the depth of nesting are limited, and a fault is an error that names its
// place. It reads no kernel file.
package saved
