package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
)

// Arm is one of the policies that are compared.
type Arm struct {
	Name   string
	Weight float64 // above 0 and finite: users are split by weight
}

// Split gives users their arms. It is immutable and safe for concurrent use.
type Split struct {
	key    []byte
	names  []string
	bounds []float64 // of each arm the end of its part of [0, 1)
}

// NewSplit returns a split of an experiment's users. A user's arm follows from the experiment's name, the salt and the user alone: it is the same in every process and on every day, and
// has nothing to do with the arm in an experiment of another name. Where weights change only users between the old and the new bounds change arms. Names of arms are not empty, and each
// once.
func NewSplit(experiment, salt string, arms []Arm) (*Split, error) {
	if experiment == "" {
		return nil, fmt.Errorf("split: an experiment has a name")
	}
	if len(arms) < 2 {
		return nil, fmt.Errorf("split %s: %d arms, at least 2 are compared", experiment, len(arms))
	}
	s := &Split{}
	for _, part := range []string{salt, experiment} { // with their lengths, so that no two pairs are the same bytes
		s.key = append(binary.AppendUvarint(s.key, uint64(len(part))), part...)
	}
	var sum float64
	seen := make(map[string]bool)
	for _, a := range arms {
		if a.Name == "" || seen[a.Name] {
			return nil, fmt.Errorf("split %s: arm %q has no name or another's", experiment, a.Name)
		}
		if !(a.Weight > 0) || math.IsInf(a.Weight, 0) {
			return nil, fmt.Errorf("split %s: the weight %v of arm %s is not above 0", experiment, a.Weight, a.Name)
		}
		seen[a.Name] = true
		sum += a.Weight
		s.names = append(s.names, a.Name)
		s.bounds = append(s.bounds, sum)
	}
	for i := range s.bounds {
		s.bounds[i] /= sum
	}
	s.bounds[len(s.bounds)-1] = 1
	return s, nil
}

// Arm returns the index of a user's arm.
func (s *Split) Arm(user string) int {
	at := s.place(user)
	for i, end := range s.bounds {
		if at < end {
			return i
		}
	}
	return len(s.bounds) - 1
}

// Name returns the name of an arm.
func (s *Split) Name(arm int) string { return s.names[arm] }

// Shares returns the share of users that each arm is meant to have.
func (s *Split) Shares() []float64 {
	out := make([]float64, len(s.bounds))
	from := 0.0
	for i, end := range s.bounds {
		out[i], from = end-from, end
	}
	return out
}

// place returns where a user stands in [0, 1): 53 bits of SHA-256. It makes no garbage.
func (s *Split) place(user string) float64 { return place(s.key, user) }

func place(key []byte, user string) float64 {
	var room [512]byte // more than key and user mostly take
	hash := sha256.Sum256(append(append(room[:0], key...), user...))
	return float64(binary.BigEndian.Uint64(hash[:])>>11) / (1 << 53)
}
