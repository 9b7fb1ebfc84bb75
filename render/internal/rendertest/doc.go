// Package rendertest holds what the tests of the renderers share: one table of
// sockets of every kind, with hostile names among them, and the comparison
// with golden files. It is linked from tests only.
package rendertest
