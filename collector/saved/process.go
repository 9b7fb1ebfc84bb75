package saved

import (
	"math"

	"github.com/sockls/sockls/collector/socket"
)

// processDetails are those that come with the holders.
const processDetails = socket.DetailOwners | socket.DetailCommand | socket.DetailExe |
	socket.DetailStarted | socket.DetailProcessUser

// askedDetails are about holders too, and there only where they were asked for.
const askedDetails = socket.DetailContext | socket.DetailDir | socket.DetailParents | socket.DetailWorkload

// holders reads the processes, which are null where nobody asked for them.
func (d *decoder) holders() {
	d.row.Processes = nil
	d.row.has &^= processDetails | askedDetails
	if d.null() {
		return
	}
	d.row.has |= processDetails
	for range d.array {
		d.row.Processes = append(d.row.Processes, d.holder())
	}
}

func (d *decoder) holder() socket.Holder {
	var (
		h                                 socket.Holder
		p                                 socket.Process
		name, command, exe, user, context text
		identified                        bool
		others                            belongings
	)
	d.begin()
	at := d.token
	for key := range d.object {
		switch string(key) {
		case "pid":
			p.PID, identified = d.id(), true
		case "tid":
			h.TID = d.id()
		case "fd":
			if d.null() {
				h.FD = -1
			} else {
				h.FD = d.id()
			}
		case "name":
			d.text(&name)
		case "name_base64":
			d.twin(&name)
		case "command":
			d.text(&command)
		case "command_base64":
			d.twin(&command)
		case "exe":
			d.text(&exe)
		case "exe_base64":
			d.twin(&exe)
		case "user":
			d.text(&user)
		case "user_base64":
			d.twin(&user)
		case "context":
			d.text(&context)
		case "context_base64":
			d.twin(&context)
		case "uid":
			p.UID, p.HasUID = d.uid()
		case "started":
			p.Started = d.time()
		default:
			if !d.belonging(string(key), &p, &others) {
				d.skip()
			}
		}
	}
	if d.err == nil && !identified {
		d.token = at
		d.failf(`a process without "pid"`)
	}
	p.Name, p.Command, p.Exe = name.value, command.value, exe.value
	p.User, p.Context = user.value, context.value
	others.finish(d, &p)
	if p.Context != "" {
		d.row.has |= socket.DetailContext
	}
	h.Process = d.process(p)
	return h
}

// process shares what is known of a process among its descriptors.
func (d *decoder) process(p socket.Process) *socket.Process {
	const most = 1 << 16
	known := d.processes[p.PID]
	if known != nil && sameProcess(known, &p) {
		return known
	}
	if known != nil || len(d.processes) < most {
		d.processes[p.PID] = &p
	}
	return &p
}

// id is the number of a process, a thread or a descriptor.
func (d *decoder) id() int { return int(d.int(math.MinInt32, math.MaxInt32)) }
