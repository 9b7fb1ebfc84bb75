// Package filtertest makes random expressions and random sockets, drawn from so
// few values that they often match. It is linked into tests only.
package filtertest
