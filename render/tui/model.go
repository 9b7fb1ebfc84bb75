package tui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sockls/sockls/collector/filter"
	"github.com/sockls/sockls/collector/socket"
	"github.com/sockls/sockls/collector/watch"
	"github.com/sockls/sockls/render/field"
)

// mode is what the keys go to.
type mode uint8

const (
	inTable   mode = iota
	inFilter       // the line in which the filter is written
	inExport       // the line in which the name of a file is written
	inSort         // the list of columns to sort by
	inColumns      // the list of columns to show
	inDetail       // one socket
	inPages        // help or notices
)

// model is the state of the screen. Update changes it and View draws it; both
// are called from one goroutine.
type model struct {
	opts Options
	ask  func(generation int, w Want)
	// Ctx ends with the screen; terminal and signals are for questions.
	ctx      context.Context
	terminal Terminal
	signals  *signals
	store    store

	width, height int
	mode          mode
	columns       []column
	order         order
	grouping      grouping
	foldAll       bool
	folded        map[string]bool // those that are not like foldAll says
	selection     Selection
	interval      time.Duration

	// What was asked for last, and of which generation the answers are that are
	// on the screen. Have are the details that these have.
	generation int
	asked      Want
	have       socket.Detail

	filter filterState

	// While the screen is paused it shows copies.
	paused   bool
	pausedAt time.Time
	frozen   []*entry
	missed   int // events since
	// frozenHave are the details that these rows have.
	frozenHave socket.Detail

	passed []*entry // those that the filter wants
	alive  int      // of these those that are not closed
	there  int      // sockets when the screen was paused
	counts [stateLimit]int
	sum    rate // of all of them
	lines  []line
	spare  []*entry // for sorting
	// mostRows is how many the largest group has.
	mostRows int
	cursor   cursor
	top      int // the first line on the screen
	left     int // the first column on the screen
	widths   widths

	input   input
	before  filterState // what esc goes back to
	history []string    // of filters
	picker  picker
	detail  detail
	// Inspecting is set while a socket is looked into: one at a time.
	inspecting bool
	pager      pager

	notices []socket.Notice
	err     error  // of the last look
	remark  string // what the last key has done
	mouse   bool
	ticking bool
}

// filterState is the filter in force and the one that is being written.
type filterState struct {
	text   string
	parsed *filter.Filter
	err    error
}

func newModel(o Options, ask func(int, Want)) *model {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	m := &model{
		opts: o, ask: ask, ctx: context.Background(), store: newStore(), folded: make(map[string]bool),
		columns: columnsOf(o.Fields), order: orderOf(o.Sort),
		selection: o.Selection, interval: o.Interval, mouse: true,
	}
	if o.Filter != "" {
		m.setFilter(o.Filter)
	}
	m.generation, m.asked = 1, m.want()
	return m
}

// The messages beside those of the terminal.
type (
	batchMsg struct {
		generation int
		batch      Batch
	}
	tickMsg   struct{}
	brokenMsg struct{ value string }
	failedMsg struct{ err error } // the source has given up
)

// Init asks for the first rows.
func (m *model) Init() tea.Cmd { return m.send() }

// Update takes in a key, a batch or a tick.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.store.mostGone = max(leastGone, m.room()/2)
		m.clamp()
		m.widths.reset()
	case batchMsg:
		cmd = m.take(msg)
	case tickMsg:
		m.ticking = false
		if m.store.fade(m.opts.Now()) && !m.paused {
			m.drop()
		}
	case tea.KeyPressMsg:
		m.remark = ""
		cmd = m.key(msg)
	case tea.PasteMsg:
		if m.mode == inFilter || m.mode == inExport {
			m.input.insert(msg.Content)
			cmd = m.typed()
		}
	case tea.MouseClickMsg:
		cmd = m.click(msg.Mouse())
	case tea.MouseWheelMsg:
		m.wheel(msg.Mouse())
	case inspectedMsg:
		cmd = m.inspected(msg)
	case killedMsg:
		m.killed(msg)
	case failedMsg:
		m.err = msg.err
	case brokenMsg:
		// The Source has panicked, in a goroutine that nobody catches: here it
		// ends the screen in an orderly way.
		panic(msg.value)
	}
	return m, tea.Batch(cmd, m.tick())
}

// take is for batches. Those of an earlier question are of no use.
func (m *model) take(msg batchMsg) tea.Cmd {
	if msg.generation != m.generation {
		return nil
	}
	b := &msg.batch
	if m.paused {
		for i := range b.Events {
			if b.Events[i].Kind != watch.Initial {
				m.missed++
			}
		}
	}
	if b.Fresh {
		m.have = m.asked.Details
		m.widths.reset()
	}
	m.store.apply(b, m.opts.Now())
	if b.Looked {
		m.notices, m.err = b.Notices, b.Err
	}
	dropped := m.store.fade(m.opts.Now())
	if !m.paused && (m.store.moved || b.Fresh) {
		m.store.moved = false
		m.arrange()
	} else if !m.paused && dropped {
		m.drop()
	}
	if m.mode == inDetail && b.Looked {
		return m.inspect()
	}
	return nil
}

// frame is the time between two steps of fading.
const frame = 250 * time.Millisecond

// tick asks for the next step of fading, while anything fades.
func (m *model) tick() tea.Cmd {
	if m.ticking || m.paused || !m.opts.Now().Before(m.store.fading) {
		return nil
	}
	m.ticking = true
	return tea.Tick(frame, func(time.Time) tea.Msg { return tickMsg{} })
}

// want is what the screen needs.
func (m *model) want() Want {
	w := Want{Selection: m.selection, Interval: m.interval}
	fields := make([]field.Field, 0, len(m.columns)+1)
	for i := range m.columns {
		fields = append(fields, m.columns[i].Field)
	}
	w.Details = field.Details(append(fields, m.order.by.Field)) | m.grouping.details() | socket.DetailIdentity
	if f := m.filter.parsed; f != nil {
		w.Details |= filter.Details(f.Expr)
		// While it is being written the rows that it does not want now may be
		// those that it wants in a moment.
		if m.mode != inFilter {
			w.Filter = f
		}
	}
	return w
}

// renew asks the source anew where something else is wanted now.
func (m *model) renew() tea.Cmd {
	w := m.want()
	if w == m.asked {
		return nil
	}
	m.generation, m.asked = m.generation+1, w
	return m.send()
}

// send hands the question over. Commands run side by side, so the source is told
// which question is the latest.
func (m *model) send() tea.Cmd {
	generation, w := m.generation, m.asked
	return func() tea.Msg {
		m.ask(generation, w)
		return nil
	}
}

// clock is the time that ages are measured at.
func (m *model) clock() time.Time {
	if m.paused {
		return m.pausedAt
	}
	return m.opts.Now()
}

// setFilter reads a filter. One that cannot be read leaves the last good one in
// force.
func (m *model) setFilter(text string) {
	m.filter.text, m.filter.err = text, nil
	if strings.TrimSpace(text) == "" || m.opts.Parse == nil {
		m.filter.parsed = nil
		return
	}
	f, err := m.opts.Parse(text)
	if err != nil {
		m.filter.err = err
		return
	}
	m.filter.parsed = f
}
