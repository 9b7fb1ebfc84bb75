package cli

// serversReuse is unset: SO_REUSEADDR of Windows is for programs that mean to take
// the port of another, and a server does without.
const serversReuse = false
