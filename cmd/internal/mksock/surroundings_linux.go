package mksock

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// enter moves the calling thread into a new network namespace, or into the one
// that file names.
func enter(file string) error {
	if file == "" {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make network namespace: %w", err)
		}
		return nil
	}
	ns, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("join network namespace: %w", err)
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("join network namespace: %w", err)
	}
	return nil
}

// cover hides a directory from this process, and from nobody else, under an
// empty one.
func cover(dir string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make mount namespace: %w", err)
	}
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	if err := unix.Mount("none", dir, "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("hide %s: %w", dir, err)
	}
	return nil
}

// dropTo gives up root for good, on every thread of the process.
func dropTo(uid int) error {
	if err := syscall.Setgroups(nil); err != nil {
		return fmt.Errorf("drop groups: %w", err)
	}
	if err := syscall.Setgid(uid); err != nil {
		return fmt.Errorf("become group %d: %w", uid, err)
	}
	if err := syscall.Setuid(uid); err != nil {
		return fmt.Errorf("become user %d: %w", uid, err)
	}
	return nil
}

// rename sets the comm of the process, which is that of its first thread. The
// kernel takes any bytes but NUL and cuts them at 15.
func rename(name string) error {
	bytes, err := unix.BytePtrFromString(name)
	if err != nil {
		return fmt.Errorf("rename process: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(bytes)), 0, 0, 0); err != nil {
		return fmt.Errorf("rename process: %w", err)
	}
	return nil
}

// openProgram finds a program while that is still allowed and possible.
func openProgram(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open program %s: %w", path, err)
	}
	return fd, nil
}

// become replaces this process with an open program. It needs no path that the
// new user may walk.
func become(program int, argv []string) error {
	args, err := syscall.SlicePtrFromStrings(argv)
	if err != nil {
		return fmt.Errorf("run program: %w", err)
	}
	env, err := syscall.SlicePtrFromStrings(os.Environ())
	if err != nil {
		return fmt.Errorf("run program: %w", err)
	}
	empty := [1]byte{}
	_, _, errno := unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(program), uintptr(unsafe.Pointer(&empty[0])),
		uintptr(unsafe.Pointer(&args[0])), uintptr(unsafe.Pointer(&env[0])), unix.AT_EMPTY_PATH, 0)
	return fmt.Errorf("run program: %w", errno)
}
