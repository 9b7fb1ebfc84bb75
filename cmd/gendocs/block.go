package main

import "strings"

// block is a piece of a text for terminals: a paragraph, a list of terms with what
// they mean, or lines that stay as they are.
type block struct {
	text  string
	terms []term
	lines []string
}

type term struct{ name, meaning string }

const exitWords = "Exit code: "

// blocks takes a text apart. Indented lines are no paragraph: they are a list where
// each begins with a term and a gap, or continues the line above.
func blocks(text string) (all []block, exit string) {
	for part := range strings.SplitSeq(text, "\n\n") {
		if codes, ok := strings.CutPrefix(part, exitWords); ok {
			exit = joined(codes)
			continue
		}
		var paragraph, indented []string
		flush := func() {
			if len(indented) > 0 {
				all = append(all, indentedBlock(indented))
			}
			if len(paragraph) > 0 {
				all = append(all, block{text: strings.Join(paragraph, " ")})
			}
			paragraph, indented = nil, nil
		}
		for line := range strings.SplitSeq(part, "\n") {
			deep := strings.HasPrefix(line, "  ")
			if deep && len(paragraph) > 0 || !deep && len(indented) > 0 {
				flush()
			}
			if deep {
				indented = append(indented, line)
			} else if line != "" {
				paragraph = append(paragraph, line)
			}
		}
		flush()
	}
	return all, exit
}

func joined(text string) string { return strings.Join(strings.Fields(text), " ") }

// deepest is the indentation from which on a line continues the one above.
const deepest = 8

func indentedBlock(lines []string) block {
	b := block{}
	for _, line := range lines {
		trimmed := strings.TrimLeft(line, " ")
		if len(line)-len(trimmed) >= deepest && len(b.terms) > 0 {
			last := &b.terms[len(b.terms)-1]
			last.meaning = joined(last.meaning + " " + trimmed)
			continue
		}
		name, meaning := cutGap(trimmed)
		b.terms = append(b.terms, term{name, joined(meaning)})
		b.lines = append(b.lines, line)
	}
	for _, t := range b.terms {
		if t.meaning == "" {
			return block{lines: unindentedLines(lines)}
		}
	}
	b.lines = nil
	return b
}

// cutGap cuts at the last gap of two blanks or more: a term may be several, with
// gaps of their own.
func cutGap(line string) (name, meaning string) {
	at := strings.LastIndex(line, "  ")
	if at < 0 {
		return line, ""
	}
	return strings.TrimRight(line[:at], " "), line[at+2:]
}

func unindentedLines(lines []string) []string {
	var out []string
	for _, line := range lines {
		out = append(out, strings.TrimPrefix(line, "  "))
	}
	return out
}
