// Package collector turns one Query into rows: it chooses the backend for the
// running system, asks it for exactly what the query needs, joins sockets with
// the processes that hold them, and says what could not be seen.
//
// It never writes to a stream and never formats a row; renderers do that.
package collector
