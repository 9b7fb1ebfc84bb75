// Package jsonout prints sockets as JSON under the schema "sockls/v1": one
// document with Document, or one socket a line with Lines. AppendSocket is the
// object itself, for those who embed it in an object of their own.
//
// The rules of the contract, beyond the names of its keys:
//
//   - Keys are only ever added.
//   - A key of the contract is always present; null means unknown or none.
//     The exceptions are keys that refine another one and are present only
//     where they apply: zone, abstract, tid, group, the inode of a unix peer,
//     protocol_name of raw and packet, device and ifindex of packet, the
//     context of a process, and the _base64 twins.
//   - The details (extended, timer, memory, tcp and so on: the groups of
//     package fact) are objects that a socket has where they were asked for
//     and it has any. A key is in them only where its fact is known, in the
//     unit that its name ends in.
//   - Text is the exact text, also after decoding. Where the bytes are not
//     valid UTF-8, which JSON cannot carry, the key holds them escaped as a
//     table would show them and its twin KEY_base64 holds them exactly. An
//     abstract unix name always has the twin, with its leading NUL, while its
//     path reads "@name".
//   - "processes" is null when nobody asked for the owners, and [] when a
//     socket has none; then "no_process" tells why.
//   - "remote" is null when there is none.
//
// All that could act on a terminal or hide in it (controls, bidi and
// zero-width characters) is written as \uXXXX, so the output is as safe to
// look at as a table and decodes to the same text all the same.
package jsonout
