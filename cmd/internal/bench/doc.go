// Command bench measures sockls against ss and lsof on socket tables of known
// size and prints one Markdown table: the medians of interleaved rounds, the
// ratios beside them, and the target each ratio has to meet.
//
//	go run ./cmd/internal/bench [-only REGEX] [-rounds N] [-quick] [-bin PATH]
//
// Every table of sockets lives in namespaces of its own: a child of this
// program is the first process of a fresh PID, mount and network namespace, so
// that the programs under test see exactly the processes and the sockets that
// were made for them, and so that the kernel ends all of them when that child
// ends, whatever the reason. The descriptors are spread over holder processes,
// which become plain `sleep` processes once they hold what they should: real,
// single-threaded and small. What is shared with the rest of the machine is the
// kernel's table of connections, which a dump walks from end to end even when a
// namespace has three sockets in it.
//
// Rounds are interleaved, A B, then B A, because a machine that slows down for
// a second then slows both. The programs write to a memfd, a regular file in
// memory: /dev/null would hide the cost of writing, and a pipe would measure
// how the scheduler places its reader. Wall time runs from before fork to after
// wait, CPU is what wait4 reports for the process, and peak memory is taken
// from separate runs, for a reason given beside the code.
//
// Bench never touches a namespace, a process or a socket it did not make, and
// never opens a connection outside its own loopback interface. It runs without
// root where the kernel lets users make namespaces.
//
// It reads /proc/meminfo, /proc/cpuinfo and /proc/sys/fs/file-nr and
// writes /proc/sys/net/ipv4/ip_local_port_range of its own namespace.
package main
