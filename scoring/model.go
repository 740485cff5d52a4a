package scoring

import (
	"encoding/hex"
	"fmt"

	"github.com/sihai-network/sihai/scoring/trees"
)

// Kind says what makes a score of a row.
type Kind string

// The kinds of a profile.
const (
	KindLinear Kind = "linear" // weights alone; so is the empty kind
	KindTrees  Kind = "trees"  // a Model, and weights where there are some
)

// MaxModel is the greatest size of a model's file, in bytes.
const MaxModel = trees.MaxSource

// Model is a sum of boosted trees that another program has trained, over the features of this package. It is immutable and safe for concurrent use.
type Model struct {
	Format string   // "xgboost": JSON; "lightgbm": text
	Hash   [32]byte // SHA-256 of its file
	Bytes  int      // of its file
	Trees  int
	Nodes  int

	source []byte
	scores *trees.Model // nil: the model is only told of, as in a list of profiles
}

// NewModel reads a model's file. It fails where the file is not of the format, says what is not supported, or names a feature that is not one of Features.
func NewModel(format string, source []byte) (*Model, error) {
	m, err := trees.Parse(trees.Format(format), source)
	if err != nil {
		return nil, err
	}
	bound, err := m.Bind(names())
	if err != nil {
		return nil, fmt.Errorf("%s model: %w", format, err)
	}
	if low, high := m.Range(); low < -MaxFloor || high > MaxFloor {
		return nil, fmt.Errorf("%s model: its scores may lie between %v and %v, and have to between %v and %v", format, low, high, -MaxFloor, MaxFloor)
	}
	return &Model{Format: format, Hash: m.Hash(), Bytes: len(source), Trees: m.Trees(), Nodes: m.Nodes(), source: m.Source(), scores: bound}, nil
}

// Source returns the file, which is not to be changed; nil where the model is only told of.
func (m *Model) Source() []byte { return m.source }

// HashText returns the hash in hexadecimal.
func (m *Model) HashText() string { return hex.EncodeToString(m.Hash[:]) }

// Told returns the model without its file: what a list says of it.
func (m *Model) Told() *Model {
	if m == nil {
		return nil
	}
	told := *m
	told.source, told.scores = nil, nil
	return &told
}

// validateModel checks that kind and model belong together.
func (p Profile) validateModel(f *Faults) {
	switch p.Kind {
	case "", KindLinear:
		if p.Model != nil {
			f.add("model", "invalid", "a profile of kind %s has none", KindLinear)
		}
	case KindTrees:
		if p.Model == nil || p.Model.scores == nil {
			f.add("model", "required", "a profile of kind %s needs the model itself", KindTrees)
		}
	default:
		f.add("kind", "invalid", "%.64q is neither %s nor %s", p.Kind, KindLinear, KindTrees)
	}
}
