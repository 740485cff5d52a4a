package wire

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// ForecastRequest asks what a campaign would win. All of it may be left out.
type ForecastRequest struct {
	Campaign  *Campaign `json:"campaign,omitempty" doc:"as it would be; as it is stored when left out"`
	Start     string    `json:"start,omitempty" format:"date-time" doc:"of the days that are forecast; now when left out"`
	Days      int       `json:"days,omitempty" minimum:"1" maximum:"28" doc:"7 when left out"`
	BaseWeeks int       `json:"base_weeks,omitempty" minimum:"1" maximum:"8" doc:"whole weeks before now that are replayed; 2 when left out"`
}

var forecastPlan = planOf(reflect.TypeFor[ForecastRequest]())

// DecodeForecastRequest reads what is asked for. An empty body asks for nothing in particular. The faults are all there are; the campaign, nil for none, holds
// what could be read, its geofences not compiled.
func DecodeForecastRequest(data []byte, now time.Time) (engine.ForecastRequest, engine.Faults) {
	if len(bytes.TrimSpace(data)) == 0 {
		return engine.ForecastRequest{}, nil
	}
	var r ForecastRequest
	faults := bind(data, forecastPlan, &r)
	out := engine.ForecastRequest{Days: r.Days, BaseWeeks: r.BaseWeeks}
	if r.Start != "" {
		var ok bool
		if out.Start, ok = parseTime(r.Start); !ok {
			faults.Add("start", "invalid", "%q is no time of RFC 3339", clip(r.Start))
		} else if out.Start.Before(now.AddDate(0, 0, -1)) || out.Start.After(now.AddDate(1, 0, 0)) {
			faults.Add("start", "out_of_range", "%q is not from now to a year on", clip(r.Start))
		}
	}
	if r.Campaign != nil {
		var own engine.Faults
		c := r.Campaign.engine(&own)
		out.Campaign = &c
		faults = append(faults, own.Under("campaign")...)
	}
	return out, faults
}

// Forecast is what a campaign would win in some days.
type Forecast struct {
	MerchantID     string         `json:"merchant_id"`
	CampaignID     string         `json:"campaign_id"`
	From           string         `json:"from" format:"date-time"`
	Until          string         `json:"until" format:"date-time" doc:"exclusive"`
	BaseFrom       string         `json:"base_from" format:"date-time" doc:"the days that were replayed"`
	BaseUntil      string         `json:"base_until" format:"date-time"`
	ScoringProfile ProfileRef     `json:"scoring_profile"`
	Decisions      uint64         `json:"decisions" doc:"that were read"`
	OneIn          uint64         `json:"one_in" doc:"1: every decision of the base was read; n: a sample of one in n, evenly over all of them"`
	Level          float64        `json:"level" doc:"probability with which a number will lie between its low and high"`
	Reach          Reach          `json:"reach"`
	Against        []ReasonMean   `json:"against" doc:"why offers in reach would not have been made in a week, by code"`
	Showings       Range          `json:"showings"`
	Clicks         Range          `json:"clicks"`
	Redemptions    Range          `json:"redemptions"`
	Spend          *Money         `json:"spend,omitempty" doc:"expected; left out when it is not known what an offer saves"`
	LimitedBy      string         `json:"limited_by,omitempty" doc:"the budget that is likely to end it" example:"budgets[0]"`
	Hours          []ForecastHour `json:"hours" doc:"by the venues' clock"`
	Cells          []ForecastCell `json:"cells" doc:"H3 cells of resolution 7, most showings first"`
	Displaced      []Displaced    `json:"displaced" doc:"whose offers would make room, most showings first"`
	Notes          []string       `json:"notes" doc:"what the forecast leaves out"`
}

// Range is a number that is not known yet.
type Range struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Reach is how many decisions and travellers a week of the base had for the campaign.
type Reach struct {
	Decisions     float64 `json:"decisions" doc:"in its geofences"`
	Users         float64 `json:"users" doc:"distinct travellers of those"`
	Eligible      float64 `json:"eligible" doc:"decisions in which an offer of it would hold"`
	EligibleUsers float64 `json:"eligible_users"`
	Offered       float64 `json:"offered" doc:"decisions in which it would be among the offers"`
}

// ReasonMean is how often there would be a reason.
type ReasonMean struct {
	Code  int     `json:"code"`
	Name  string  `json:"name"`
	Count float64 `json:"count"`
}

// ForecastHour is an hour of a forecast.
type ForecastHour struct {
	Start       string `json:"start" format:"date-time"`
	Showings    Range  `json:"showings"`
	Clicks      Range  `json:"clicks"`
	Redemptions Range  `json:"redemptions"`
}

// ForecastCell is a cell of a forecast.
type ForecastCell struct {
	Cell     string `json:"cell" doc:"empty: not known"`
	Showings Range  `json:"showings"`
}

// Displaced is a campaign, or campaigns of a category, whose offers would make room.
type Displaced struct {
	MerchantID string  `json:"merchant_id,omitempty" doc:"left out of what others own"`
	CampaignID string  `json:"campaign_id,omitempty"`
	Category   string  `json:"category,omitempty" doc:"merchant category code; left out where it is unknown or too few have it"`
	Campaigns  int     `json:"campaigns" doc:"how many"`
	Showings   float64 `json:"showings" doc:"that they would lose"`
}

// The bounds below which a merchant is not told of others: of categories with fewer merchants, and of fewer travellers.
const (
	fewMerchants = 3
	fewUsers     = 10
)

// ForecastOf returns f as it is sent. owner is the merchant that asks, who is told of others by category and of small crowds nothing; empty: it is told whole.
func ForecastOf(f *engine.Forecast, owner string) Forecast {
	out := Forecast{
		MerchantID: f.MerchantID, CampaignID: f.CampaignID, From: timeText(f.From), Until: timeText(f.Until), BaseFrom: timeText(f.BaseFrom), BaseUntil: timeText(f.BaseUntil),
		ScoringProfile: ProfileRef{f.Profile.Name, f.Profile.Version}, Decisions: f.Decisions, OneIn: f.OneIn, Level: engine.ForecastLevel,
		Reach:    Reach{f.Reach.Decisions, f.Reach.Users, f.Reach.Eligible, f.Reach.EligibleUsers, f.Reach.Offered},
		Showings: Range(f.Showings), Clicks: Range(f.Clicks), Redemptions: Range(f.Redemptions), Spend: moneyOf(f.Spend), LimitedBy: f.Limited,
		Against: make([]ReasonMean, len(f.Against)), Hours: make([]ForecastHour, len(f.Hours)), Cells: make([]ForecastCell, len(f.Cells)), Notes: slices.Clone(f.Notes),
	}
	for i, r := range f.Against {
		out.Against[i] = ReasonMean{int(r.Code), r.Code.String(), r.Count}
	}
	for i, h := range f.Hours {
		out.Hours[i] = ForecastHour{timeText(h.Start), Range(h.Showings), Range(h.Clicks), Range(h.Redemptions)}
	}
	for i, c := range f.Cells {
		out.Cells[i] = ForecastCell{c.Cell, Range(c.Showings)}
	}
	out.Displaced = displacedOf(f.Displaced, owner)
	if owner != "" && f.Reach.Users < fewUsers {
		out.Reach.Users, out.Reach.EligibleUsers = 0, 0
		out.Notes = append(out.Notes, fmt.Sprintf("fewer than %d travellers are not counted", fewUsers))
	}
	if out.Notes == nil {
		out.Notes = []string{}
	}
	return out
}

// displacedOf tells of a merchant's own campaigns one by one, and of others by category where enough merchants have it.
func displacedOf(list []engine.Displaced, owner string) []Displaced {
	out := []Displaced{}
	type group struct {
		merchants map[string]bool
		campaigns map[engine.CampaignRef]bool
		showings  float64
	}
	groups := make(map[string]*group)
	add := func(category string, d engine.Displaced) {
		g := groups[category]
		if g == nil {
			g = &group{merchants: make(map[string]bool), campaigns: make(map[engine.CampaignRef]bool)}
			groups[category] = g
		}
		g.merchants[d.MerchantID], g.campaigns[d.CampaignRef] = true, true
		g.showings += d.Showings
	}
	merchants := make(map[string]map[string]bool)
	for _, d := range list {
		if owner == "" || d.MerchantID == owner {
			out = append(out, Displaced{d.MerchantID, d.CampaignID, d.Category, 1, d.Showings})
			continue
		}
		if merchants[d.Category] == nil {
			merchants[d.Category] = make(map[string]bool)
		}
		merchants[d.Category][d.MerchantID] = true
	}
	for _, d := range list {
		switch {
		case owner == "" || d.MerchantID == owner:
		case len(merchants[d.Category]) < fewMerchants:
			add("", d)
		default:
			add(d.Category, d)
		}
	}
	for category, g := range groups {
		out = append(out, Displaced{Category: category, Campaigns: len(g.campaigns), Showings: g.showings})
	}
	slices.SortFunc(out, func(a, b Displaced) int {
		return cmp.Or(cmp.Compare(b.Showings, a.Showings), cmp.Compare(a.MerchantID, b.MerchantID), cmp.Compare(a.CampaignID, b.CampaignID), cmp.Compare(a.Category, b.Category))
	})
	return out
}
