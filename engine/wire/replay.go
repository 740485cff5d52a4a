package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// ReplayRequest asks for a recorded decision to be made again. An empty one, or no body, asks for the same.
type ReplayRequest struct {
	ScoringProfile *ReplayProfile `json:"scoring_profile,omitempty" doc:"decide under this version instead of that of then"`
}

// ReplayProfile names a version of a scoring profile.
type ReplayProfile struct {
	Name    string `json:"name" doc:"of the profile" minLength:"1"`
	Version uint64 `json:"version,omitempty" doc:"left out: the newest"`
}

var replayPlan = planOf(reflect.TypeFor[ReplayRequest]())

// DecodeReplay decodes the body of a replay; nil: the profile of then.
func DecodeReplay(data []byte) (*engine.ProfileRef, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	var r ReplayRequest
	faults := bind(data, replayPlan, &r)
	if r.ScoringProfile != nil && r.ScoringProfile.Name == "" && len(faults) == 0 {
		faults.Add("scoring_profile.name", "required", "must not be empty")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if r.ScoringProfile == nil {
		return nil, nil
	}
	return &engine.ProfileRef{Name: r.ScoringProfile.Name, Version: r.ScoringProfile.Version}, nil
}

// Replay is a recorded decision, made again.
type Replay struct {
	Same     bool     `json:"same" doc:"the bytes of the decision are those of the one on record"`
	Moved    []Moved  `json:"moved" doc:"offers that came, went or changed their position, by placement and position of then; those that came last"`
	Decision Decision `json:"decision" doc:"as it would be answered"`
}

// Moved is an offer at another position than on record.
type Moved struct {
	Placement string  `json:"placement"`
	OfferID   string  `json:"offer_id"`
	Before    int     `json:"before,omitempty" doc:"position on record; left out: it was not offered"`
	After     int     `json:"after,omitempty" doc:"position now; left out: it is not offered"`
	ScoreWas  float64 `json:"score_was,omitempty" doc:"on record; left out: it was not offered"`
	ScoreIs   float64 `json:"score_is,omitempty" doc:"now; left out: it is not offered"`
}

// AppendReplay appends the JSON of Replay. The request of a decision is left out.
func AppendReplay(dst []byte, was, is *engine.Decision) ([]byte, error) {
	again := AppendDecision(nil, is)
	moved, err := json.Marshal(movedOf(was, is))
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"same":`...)
	if SameDecision(was, is) {
		dst = append(dst, "true"...)
	} else {
		dst = append(dst, "false"...)
	}
	dst = append(append(dst, `,"moved":`...), moved...)
	dst = append(append(dst, `,"decision":`...), again...)
	return append(dst, '}'), nil
}

// SameDecision reports whether two decisions are answered with the same bytes and rest on the same features.
func SameDecision(was, is *engine.Decision) bool {
	if !bytes.Equal(AppendDecision(nil, was), AppendDecision(nil, is)) {
		return false
	}
	for i := range was.Placements {
		for j := range was.Placements[i].Offers {
			if !slices.Equal(was.Placements[i].Offers[j].Features, is.Placements[i].Offers[j].Features) {
				return false
			}
		}
	}
	return true
}

// movedOf tells how the offers of two decisions on one request differ in position.
func movedOf(was, is *engine.Decision) []Moved {
	moved := []Moved{}
	for i := range was.Placements {
		before, after := was.Placements[i].Offers, is.Placements[i].Offers
		for _, o := range before {
			m := Moved{Placement: was.Placements[i].ID, OfferID: o.ID, Before: o.Position, ScoreWas: o.Score}
			if n := indexOffer(after, o.ID); n >= 0 {
				m.After, m.ScoreIs = after[n].Position, after[n].Score
			}
			if m.Before != m.After {
				moved = append(moved, m)
			}
		}
		for _, o := range after {
			if indexOffer(before, o.ID) < 0 {
				moved = append(moved, Moved{Placement: was.Placements[i].ID, OfferID: o.ID, After: o.Position, ScoreIs: o.Score})
			}
		}
	}
	return moved
}

func indexOffer(offers []engine.Offer, id string) int {
	return slices.IndexFunc(offers, func(o engine.Offer) bool { return o.ID == id })
}
