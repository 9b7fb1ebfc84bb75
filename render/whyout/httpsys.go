package whyout

import "github.com/sockls/sockls/collector/machine"

// mostURLs is how many of one program are told.
const mostURLs = 3

// registered tells of what somebody has registered with http.sys: the processes,
// their services, and the URLs.
func (p *pen) registered(q *machine.HTTPQueue) {
	for i, pid := range q.PIDs {
		if i > 0 {
			p.say(", ")
		}
		if i < len(q.Programs) && q.Programs[i] != "" {
			p.name(q.Programs[i])
			p.say("[")
			p.count(pid)
			p.say("]")
		} else {
			p.say("pid ")
			p.count(pid)
		}
	}
	if len(q.PIDs) == 0 {
		p.say("somebody")
	}
	for i, name := range q.Services {
		p.say(pick(i == 0, " (service ", ", "))
		p.name(name)
	}
	if len(q.Services) > 0 {
		p.say(")")
	}
	p.say(":")
	for i := range q.URLs {
		if i == mostURLs && len(q.URLs) > mostURLs+1 {
			p.say(" and ")
			p.count(len(q.URLs) - i)
			p.say(" more")
			return
		}
		p.say(" ")
		p.text(q.URLs[i].Text)
	}
}
