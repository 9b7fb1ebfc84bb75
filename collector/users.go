//go:build linux

package collector

import (
	"os/user"
	"strconv"
)

// users names user ids, each looked up once.
type users struct {
	names map[uint32]string
	// last and its name answer for most rows: neighbours have one owner.
	last     uint32
	lastName string
}

// name returns "" for a uid that no user has.
func (u *users) name(uid uint32) string {
	if uid == u.last && u.names != nil {
		return u.lastName
	}
	u.last, u.lastName = uid, u.lookup(uid)
	return u.lastName
}

func (u *users) lookup(uid uint32) string {
	if u.names == nil {
		u.names = map[uint32]string{}
	}
	name, ok := u.names[uid]
	if !ok {
		if found, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
			name = found.Username
		}
		u.names[uid] = name
	}
	return name
}
