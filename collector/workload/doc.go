// Package workload tells what a process belongs to: the systemd unit that
// started it, the container or pod it runs in, the container that a proxy
// serves, the socket unit that a listening port comes from.
//
// It knows by names alone: the path of the cgroup, the arguments of the process,
// and files of service managers and container engines below a root it is given.
// It asks no daemon and needs none to run. All it reads is hostile.
package workload
