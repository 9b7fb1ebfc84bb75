// Package why answers whether bind(2), and for a stream listen(2) after it, can
// have an address, and explains what stands in its way and what to do about it.
//
// It is pure: it is given what was found (a Situation) and neither reads nor
// changes anything. What is not known of a socket (the options of one that no
// process holds) is unknown in the answer too, unless it makes no difference.
//
// Decide is the kernel's part of it, and Explain all the rest: it names what kind
// of thing each socket is, puts together what belongs together, says why it
// matters, what to do and which option would change the answer. Its sentences
// hold no name that others chose, and its command lines only such as a shell
// takes for what they are.
//
// The rules are the kernel's: inet_csk_get_port and inet_csk_bind_conflict in
// net/ipv4/inet_connection_sock.c, udp_lib_get_port in net/ipv4/udp.c,
// __inet_bind in net/ipv4/af_inet.c and __inet6_bind in net/ipv6/af_inet6.c.
package why
