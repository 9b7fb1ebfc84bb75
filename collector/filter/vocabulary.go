package filter

import (
	"slices"

	"github.com/sockls/sockls/collector/fact"
)

// Vocabulary is the words of the language, for who helps to type them.
type Vocabulary struct {
	// Joints stand between and before predicates, Keywords begin one, as Facts do.
	Joints, Keywords, Facts                  []string
	States, Protos, Families, Scopes, Ranges []string
}

// Words returns the words of the language.
func Words() Vocabulary {
	v := Vocabulary{
		Joints:   []string{"and", "or", "not"},
		Keywords: []string{"state", "exclude"},
		States:   names(stateWords[:]), Protos: protoNames(), Families: names(familyWords[:]),
		Scopes: slices.Clone(scopeNames[:]), Ranges: names(portRanges[:]),
	}
	for _, name := range keywordNames() {
		if !slices.Contains(refusedColumns[:], name) {
			v.Keywords = append(v.Keywords, name)
		}
	}
	for _, f := range fact.All() {
		v.Facts = append(v.Facts, f.Name)
	}
	return v
}
