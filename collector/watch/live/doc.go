// Package live is the running system for package watch: its tables, its processes
// and what it tells of destroyed sockets, in one network namespace. It makes
// nothing of what it sees; that is done in package watch, which knows no kernel.
package live
