package cli

const filterHelp = `A filter says which sockets to show. It stands behind the flags, in quotes where
the shell would take a character for itself, or in a file (-F FILE). Whatever ss
understands is understood; precedence is not, and, or; two predicates side by
side are joined by and.

Without -l, -a or a state the sockets are those that ss shows, connected ones, as
long as ss has all the predicates. With any other, sockets in every state are meant.

Shorthand:
  :8080  8080  8000-8100  80,443    port of either end
  10.0.0.5  10/8  [::1]:443         address of either end
  nginx  'ng*'                      name of a process that holds the socket
  /run/x.sock  @abstract            unix address
  tcp  listening                    protocol, state

Ends:
  sport OP PORT  dport  port        local, remote, either; = != < <= > >= or eq ne lt
                                    le gt ge; numbers, services, ranges, lists
  src HOST  dst  host               address[/length][:port], host name, [IPv6], *,
                                    unix:GLOB, link:PROTOCOL:DEVICE, netlink:NAME:ID,
                                    vsock:CID:PORT
  local SCOPE  remote SCOPE         loopback, private, public, wildcard
  range RANGE                       of the local port: well-known, registered, dynamic
  autobound                         the kernel chose the local port

Sockets:
  state STATE  exclude STATE        a state, or all connected synchronized bucket big
  proto NAME  family NAME           the protocol, the address family; lists
  dev NAME  cgroup PATH             bound to this interface, made in this cgroup
  fwmark VALUE[/MASK]               the mark
  any of "sockls help columns"      rtt > 50ms, retrans > 0, recv-q > 1MB, uid = 33,
                                    congestion = bbr, v6only

Processes:
  pid N  process NAME  exe PATH     held by this process, one of that name, that program
  command TEXT  unit U  cwd DIR     its command line, systemd unit, working directory
  container C                       name, id or its beginning, pod
  user NAME  process-user NAME      the owner of the socket, the user of the process
                                    Texts are exact, with * and ? patterns, and after ~
                                    regular expressions

Joined by: and & &&   or | ||   not !   ( )

--explain-filter shows how a filter is read and what of it the kernel does.`
