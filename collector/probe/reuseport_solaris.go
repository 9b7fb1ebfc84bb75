package probe

// reusePort is SO_REUSEPORT of <sys/socket.h> in Solaris 11.4 and illumos, which
// older ones refuse.
const reusePort = 0x100e
