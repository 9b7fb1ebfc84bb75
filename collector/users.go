package collector

import (
	"os/user"
	"strconv"
)

// users names user ids, each looked up once.
type users map[uint32]string

// name returns "" for a uid that no user has.
func (u users) name(uid uint32) string {
	name, ok := u[uid]
	if !ok {
		if found, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
			name = found.Username
		}
		u[uid] = name
	}
	return name
}
