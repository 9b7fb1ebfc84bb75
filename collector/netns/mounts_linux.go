package netns

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// parseMounts calls yield with the inode and the place of each network
// namespace that a mountinfo (proc(5)) shows as mounted. There, the fourth
// field is what of the file system is mounted, "net:[4026532000]", the fifth
// is where, and the type comes after a field "-", before which there may be any
// number of others. White space in a path is escaped. A line that is too long
// for the mount of a namespace is passed over.
func parseMounts(r io.Reader, yield func(inode uint64, point string)) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := lines.ReadSlice('\n')
		whole := err == nil
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
		if whole || errors.Is(err, io.EOF) {
			if inode, point, ok := parseMount(string(line)); ok {
				yield(inode, point)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func parseMount(line string) (inode uint64, point string, ok bool) {
	const kind = " - nsfs "
	if !strings.Contains(line, kind) {
		return 0, "", false
	}
	fields := strings.Fields(line)
	if len(fields) < 6 {
		return 0, "", false
	}
	inode, ok = parseLink(fields[3])
	return inode, unescapeMount(fields[4]), ok
}

// unescapeMount undoes the octal that the kernel writes for white space, the
// backslash and, in newer kernels, the number sign (mangle in
// fs/proc_namespace.c).
func unescapeMount(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if s[0] == '\\' && len(s) >= 4 && octal(s[1]) && octal(s[2]) && octal(s[3]) {
			b.WriteByte((s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0'))
			s = s[4:]
			continue
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

func octal(c byte) bool { return '0' <= c && c <= '7' }
