// Package tmuxtest gives tests a terminal that they can type on and look at: a
// shell in a tmux server of its own. It is never part of the shipped program.
package tmuxtest
