package text

// Role is what a piece of text means; the palette decides how it looks.
type Role uint8

// The roles.
const (
	Plain       Role = iota
	Header           // the header line
	Listen           // open to strangers
	Established      // a live connection
	Dim              // over, absent, or a remark
	Warn             // half-way states that deserve a look
	roleEnd
)

// Palette maps roles to colours. Its zero value paints nothing.
type Palette struct {
	sgr [roleEnd]string
}

// Basic is the palette for terminals. It keeps to the sixteen basic colours,
// which follow the user's own theme on dark and light backgrounds.
func Basic() Palette {
	return Palette{sgr: [roleEnd]string{
		Header:      "\x1b[1m",
		Listen:      "\x1b[32m",
		Established: "\x1b[36m",
		Dim:         "\x1b[90m",
		Warn:        "\x1b[33m",
	}}
}

// Paints reports whether the role has a colour.
func (p *Palette) Paints(role Role) bool { return p.sgr[role] != "" }

// Append appends text, which must be escaped already, in the role's colour.
func (p *Palette) Append(dst []byte, role Role, text []byte) []byte {
	if !p.Paints(role) {
		return append(dst, text...)
	}
	dst = append(dst, p.sgr[role]...)
	dst = append(dst, text...)
	return append(dst, "\x1b[0m"...)
}
