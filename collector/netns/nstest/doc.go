// Package nstest gives tests network namespaces of their own, where nothing is but
// what they make, and takes them away again. It skips a test whose user may not
// make one. It is never part of the shipped program.
package nstest
