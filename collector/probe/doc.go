// Package probe answers whether an address can be bound by binding it: it makes
// a socket as described, in the calling thread's network namespace, and closes it
// at once. What decided is the kernel itself, with everything that no table
// shows. It sends nothing, accepts nothing, and leaves nothing behind.
//
// The answer is about the moment, and about this process: programs attached to
// its control group (BPF_CGROUP_INET4_BIND) and security modules judge it as
// they judge sockls, which need not be as they judge another program.
//
// # Harm
//
// For some microseconds the port is taken. A program that binds it just then, or
// connects from it, is refused. A socket that is merely bound is not found by any
// TCP segment. A UDP socket is: datagrams that arrive meanwhile for the address,
// and are not meant for a more specific socket, may go to the probe and are lost.
// That happens on a port that is shared, too: in a group of SO_REUSEPORT the
// probe gets its part, and of sockets with SO_REUSEADDR the last one gets all.
// Whoever asks should ask for UDP with these options only when nothing else
// settles it.
//
// Listen makes a TCP socket listen, so that it is found by connections. A filter
// on it drops every segment, so that no client is connected to it or reset by it:
// a client whose SYN meets the probe hears nothing, sends it again a second later
// and then finds who it was meant for. In a group of SO_REUSEPORT the kernel
// chooses by the number of members, and a handshake half done in that moment can
// meet the probe; its last segment is sent again as well.
//
// # What bind alone does not tell
//
// listen(2) checks the port once more, as that of a socket that listens. For two
// sockets that both have SO_REUSEADDR the two checks differ in principle: bound
// they may share, listening they may not. As a listener is in the way of bind
// already, bind fails first, and the outcome is the same in all combinations that
// the tests try. Listen is there for what they cannot try: a security module that
// forbids one and not the other, a group of SO_REUSEPORT that has no room left.
//
// # What remains
//
// The socket never was connected, so there is no TIME_WAIT. The kernel's bucket
// of the port, where others are in it, keeps hints for later binds (fastreuse and
// fastreuseport in struct inet_bind_bucket), which say what checks can be left
// out. A probe with SO_REUSEPORT that succeeds leaves its user and address there,
// as any such program does: until the others have gone, a later socket of that user
// with the option can get away with what it would be refused. Taking that back
// would take it from a service, too, that was there before and lives by it. A probe
// without the option that succeeds beside sockets that have it, at another address,
// does take it away: where a service shares its port and connections of other users
// are open, its next worker may then be refused until these are closed. One
// thing changed before Linux 6.18: a port that outgoing connections share
// (fastreuse -1) is given to no further one after any socket was bound to it, the
// probe too, until the last of these connections has ended. There are other ports
// to choose from.
//
// # Other users
//
// The user of a socket, which the groups of SO_REUSEPORT compare, is that of its
// inode (sk_uid in sockfs_setattr, net/socket.c), and fchown(2) sets it. That
// needs CAP_CHOWN. The lack of CAP_NET_BIND_SERVICE is tried out by taking it
// from the calling thread's effective set for the time of one bind.
package probe
