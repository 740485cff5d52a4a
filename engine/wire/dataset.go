package wire

import (
	"encoding/json"
	"math"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// DatasetDecision is a placement of a decision, as data sets for fits have it.
type DatasetDecision struct {
	ID         string             `json:"id" doc:"decision/placement"`
	User       string             `json:"user,omitempty" doc:"a number: users are told apart and not named"`
	Time       string             `json:"time" format:"date-time"`
	Context    DatasetContext     `json:"context"`
	Candidates []DatasetCandidate `json:"candidates" doc:"the offers that were answered"`
}

// DatasetContext is what was known of a request.
type DatasetContext struct {
	Hour     *int   `json:"hour,omitempty" doc:"by the clock of the first offer's venue"`
	Language string `json:"language,omitempty" doc:"the traveller's first"`
	Country  string `json:"country,omitempty"`
	Segments string `json:"segments,omitempty" doc:"joined by |"`
	Place    string `json:"place,omitempty" doc:"H3 cell of resolution 7"`
}

// DatasetCandidate is an offer of a list.
type DatasetCandidate struct {
	ID         string             `json:"id" doc:"merchant/campaign@venue"`
	Merchant   string             `json:"merchant"`
	Features   map[string]float64 `json:"features"`
	Shown      bool               `json:"shown" doc:"it is known what came of it"`
	Position   int32              `json:"position,omitempty" doc:"of one that was shown"`
	Propensity *float64           `json:"propensity,omitempty" doc:"of one that was shown"`
	Score      float64            `json:"score"`
	Label      *float64           `json:"label,omitempty" doc:"of one that was shown: 0 or 1, or minor units of the currency"`
}

// AppendDataset appends a decision of a data set as a line of JSON.
func AppendDataset(dst []byte, g *engine.DatasetGroup) ([]byte, error) {
	out := DatasetDecision{
		ID: g.ID, User: g.UserID, Time: timeText(g.Time.UTC()), Candidates: make([]DatasetCandidate, len(g.Rows)),
		Context: DatasetContext{Language: g.Language, Country: g.Country, Segments: g.Segments, Place: g.Place},
	}
	if g.Hour >= 0 {
		out.Context.Hour = &g.Hour
	}
	features := scoring.Features()
	for i := range g.Rows {
		row := &g.Rows[i]
		c := DatasetCandidate{
			ID: row.Offer, Merchant: row.MerchantID, Shown: row.Shown, Position: int32(row.Position), Score: row.Score, Propensity: known(row.Propensity), Label: known(row.Label),
			Features: make(map[string]float64, len(features)),
		}
		for j, x := range row.Features[:min(len(features), len(row.Features))] {
			if !math.IsNaN(x) {
				c.Features[features[j].Name] = x
			}
		}
		out.Candidates[i] = c
	}
	line, err := json.Marshal(out)
	return append(append(dst, line...), '\n'), err
}
