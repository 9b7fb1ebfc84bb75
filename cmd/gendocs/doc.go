// Command gendocs writes what is installed beside the program: man pages, a
// reference in Markdown, and the scripts by which shells complete. All of it comes
// from the command line itself, its flags and the registries behind its help, so
// nothing here has a text of its own about what sockls does.
//
// It writes the same bytes whenever it is given the same version and date. It writes
// troff with the man macros that groff and mandoc share, directly: a page goes
// through no Markdown on the way, which would take an asterisk of a filter for
// emphasis.
package main
