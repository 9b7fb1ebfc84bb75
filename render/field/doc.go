// Package field is the one registry of columns. A column is declared once, with
// its name, header, help, JSON key, alignment, text, sort order and the details
// it needs from the kernel; the table, the CSV writer, --columns, --sort and the
// documentation all read the same declaration.
//
// Every text that a Field appends is safe to print and unambiguous:
//
//   - a name or path is bare when it consists of letters, digits and
//     "._/@%+~=:-", and otherwise stands in double quotes (text.AppendQuoted);
//   - "-" is "no value" and "*" is "any" or "unnamed"; a name that looks like
//     one of them is quoted;
//   - an end prints as 127.0.0.1:80, [::1]:80, [fe80::1%eth0]:80 (zone),
//     0.0.0.0%eth0:80 (SO_BINDTODEVICE), 0.0.0.0:icmp (raw), /run/x.sock or
//     @abstract (unix; a real path that begins with "@" is quoted), path[inode]
//     or *[inode] (unix peer), ip:eth0 (packet), route:1869 or route:kernel
//     (netlink), 3:1024 (vsock), eth0:q4 (xdp), node:ref (tipc); an interface
//     of which only the index is known is #5;
//   - processes print as name[pid], name[pid,pid] or name[pid/tid], joined by
//     commas; a reason why there is none stands in parentheses.
//
// The columns of the details are those of package fact, made only when one is
// asked for, since most runs need none. Their numbers are written to be read: a
// duration is 28us, 1.53ms, 45.2s, 1min59s or 3h20min, a rate 98.4Mbps, a flag
// yes or no, a mask 0x10. Field.Plain gives scripts the bare number instead. A
// Set is the columns that one flag asks for; some sets stand together as
// name:value (Pairs), in one cell or beneath the row, where a flag that is on is
// its name alone and one that is off is left out.
//
// Numbers get the names that the kernel's headers give them: IP protocols
// (include/uapi/linux/in.h), ethertypes (include/uapi/linux/if_ether.h) and
// netlink protocols (include/uapi/linux/netlink.h). Nothing is looked up in
// /etc/protocols or /etc/services, whose content differs between machines.
//
// The package never reads the system and never writes to a stream.
package field
