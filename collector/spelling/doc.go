// Package spelling finds the word that was probably meant. It knows no words.
package spelling
