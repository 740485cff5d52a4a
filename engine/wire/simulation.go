package wire

import "github.com/sihai-network/sihai/engine"

// Simulation is what a profile would change in logged decisions.
type Simulation struct {
	ScoringProfile ProfileRef `json:"scoring_profile" doc:"version 0 is a draft"`
	From           string     `json:"from" format:"date-time" doc:"of the first decision"`
	Until          string     `json:"until" format:"date-time" doc:"just after the last"`
	Decisions      int        `json:"decisions" doc:"that were made again"`
	Unknown        int        `json:"unknown" doc:"that cannot be made again"`
	Lists          int        `json:"lists" doc:"placements of the decisions"`
	Changed        int        `json:"changed" doc:"lists of other offers, or in another order"`
	OtherFirst     int        `json:"other_first" doc:"lists with another first offer"`
	Kept           int        `json:"offers_kept" doc:"in a list before and after"`
	Came           int        `json:"offers_came"`
	Went           int        `json:"offers_went"`
	Overlap        Estimate   `json:"overlap" doc:"mean share of a list's offers, before and after together, that are in both"`
	Moves          []Move     `json:"moves" doc:"kept offers by how far they move"`
	Campaigns      []Shift    `json:"campaigns" doc:"the largest changes first"`
	Merchants      []Shift    `json:"merchants" doc:"the largest changes first"`
	Notes          []string   `json:"notes" doc:"what the numbers do not say"`
}

// Move counts offers that change their position by so much.
type Move struct {
	By     int `json:"by" doc:"positions; below 0 is up"`
	Offers int `json:"offers"`
}

// Shift is how often a campaign, or a merchant's, is in a list.
type Shift struct {
	MerchantID  string `json:"merchant_id"`
	CampaignID  string `json:"campaign_id,omitempty" doc:"left out: all of the merchant's"`
	Before      int    `json:"before"`
	After       int    `json:"after"`
	FirstBefore int    `json:"first_before" doc:"lists that it leads"`
	FirstAfter  int    `json:"first_after"`
}

// SimulationOf returns s as it is sent.
func SimulationOf(s *engine.Simulation) Simulation {
	out := Simulation{
		ScoringProfile: ProfileRef{s.Profile.Name, s.Profile.Version}, From: timeText(s.From), Until: timeText(s.Until), Decisions: s.Decisions, Unknown: s.Unknown,
		Lists: s.Lists, Changed: s.Changed, OtherFirst: s.OtherFirst, Kept: s.Kept, Came: s.Came, Went: s.Went, Overlap: estimateOf(s.Overlap),
		Moves: make([]Move, len(s.Moves)), Campaigns: shiftsOf(s.Campaigns), Merchants: shiftsOf(s.Merchants), Notes: append([]string{}, s.Notes...),
	}
	for i, m := range s.Moves {
		out.Moves[i] = Move{m.By, m.Offers}
	}
	return out
}

func shiftsOf(list []engine.Shift) []Shift {
	out := make([]Shift, len(list))
	for i, x := range list {
		out[i] = Shift{x.MerchantID, x.CampaignID, x.Before, x.After, x.FirstBefore, x.FirstAfter}
	}
	return out
}
