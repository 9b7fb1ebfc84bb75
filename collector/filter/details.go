package filter

import "github.com/sockls/sockls/collector/socket"

// Details are what has to be fetched so that Eval can answer e.
func Details(e Expr) socket.Detail {
	var need socket.Detail
	Walk(e, func(leaf Expr) { need |= leafDetails(leaf) })
	return need
}

func leafDetails(e Expr) socket.Detail {
	switch e := e.(type) {
	case Addr:
		if e.Zone != "" {
			return socket.DetailIdentity
		}
	case Device:
		return socket.DetailIdentity
	case Name:
		if e.End != Local && e.Family == socket.FamilyUnix {
			return socket.DetailPeer
		}
	case Mark:
		return socket.DetailMark
	case Cgroup:
		if e.ID != 0 {
			return socket.DetailExtended
		}
		return socket.DetailExtended | socket.DetailCgroupPath
	case Autobound:
		return socket.DetailAutobound
	case Compare:
		return e.Fact.Details
	case Text:
		return e.Fact.Details
	case PID:
		return socket.DetailOwners
	case Process:
		return socket.DetailOwners | e.Text.details()
	}
	return 0
}

func (t ProcessText) details() socket.Detail {
	switch t {
	case ProcessCommand:
		return socket.DetailCommand
	case ProcessExe:
		return socket.DetailExe
	case ProcessUser:
		return socket.DetailProcessUser
	case ProcessContext:
		return socket.DetailContext
	case ProcessDir:
		return socket.DetailDir
	case ProcessUnit, ProcessContainer:
		return socket.DetailWorkload
	}
	return 0
}
