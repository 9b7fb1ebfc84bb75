// Package machine is the model of what decides about bind(2) in a network
// namespace beside the sockets in it: which ports are privileged, reserved or
// chosen automatically, which addresses and interfaces there are, which ports
// the kernel itself uses, and what is forwarded elsewhere before a socket sees
// it. It reads nothing.
package machine
