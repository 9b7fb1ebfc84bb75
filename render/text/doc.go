// Package text makes bytes fit for a terminal or a text file: it escapes what
// must not be shown raw, measures and cuts by display width, and names the
// colour roles.
//
// Names of processes, paths of sockets, interfaces and users are bytes chosen
// by whoever made them. Everything printed by this program passes through
// AppendEscaped or AppendQuoted (or the JSON encoder, which shares Visible),
// so no such name can move the cursor, hide itself, reverse its neighbours or
// pass for another row.
//
// The package knows nothing of sockets, never reads the environment and never
// asks whether something is a terminal.
package text
