package engine

import (
	"context"
	"time"

	"github.com/sihai-network/sihai/geo"
)

// CoarseResolution is that of the H3 cells by which reports and forecasts tell of places: some 5 km² each.
const CoarseResolution = 7

// CoarseCell returns the coarse cell of a location, in hexadecimal; empty for an unknown one.
func CoarseCell(l *Location) string {
	if l == nil {
		return ""
	}
	return geo.CellOf(l.Position, CoarseResolution)
}

// Forecaster says what campaigns would win.
type Forecaster interface {
	// Forecast replays the last weeks of the decision log with a campaign among the candidates. ErrTooLittle when the log does not reach back a week. Cost: a
	// read of those weeks; of more decisions than can be read in time a sample, see Forecast.OneIn.
	Forecast(ctx context.Context, r ForecastRequest) (Forecast, error)
}

// ForecastRequest asks what a campaign would win. The campaign has been checked.
type ForecastRequest struct {
	Campaign  *Campaign // in whatever status: as if it were enabled
	Start     time.Time // of the days that are forecast; zero: now
	Days      int       // 1 to MaxForecastDays; 0: 7
	BaseWeeks int       // whole weeks before now that are replayed, 1 to MaxBaseWeeks; 0: 2
}

// The bounds of a forecast.
const (
	MaxForecastDays = 28
	MaxBaseWeeks    = 8
)

// Range is a number that is not known yet: what is expected, and the bounds between which it will be with a probability of ForecastLevel.
type Range struct{ Mean, Low, High float64 }

// ForecastLevel is the probability with which a number will lie in its Range.
const ForecastLevel = 0.9

// Forecast is what a campaign would win in some days.
type Forecast struct {
	CampaignRef
	From, Until         time.Time // the days that are forecast; the end is exclusive
	BaseFrom, BaseUntil time.Time // the days that were replayed
	Profile             ProfileRef
	Decisions           uint64 // that were read
	OneIn               uint64 // 1: all of the base's decisions were read; n: a sample of one in n, and the counts below are n times those of the sample

	Reach       Reach
	Against     []ReasonCount // why offers in reach would not have been made, ascending by code
	Showings    Range
	Clicks      Range
	Redemptions Range
	Spend       Money  // expected; zero: nothing is known of what an offer saves
	Limited     string // the budget that is expected to end it; empty: none
	Hours       []ForecastHour
	Cells       []ForecastCell // most showings first
	Displaced   []Displaced    // most showings first
	Notes       []string       // what the forecast leaves out
}

// Reach is how many decisions and travellers a campaign's fences reach in a week, as in the replayed ones.
type Reach struct {
	Decisions, Users float64 // in its fences
	Eligible         float64 // decisions in which an offer of it would hold
	EligibleUsers    float64
	Offered          float64 // decisions in which it would be among the offers
}

// ReasonCount is how often there was a reason against offers.
type ReasonCount struct {
	Code  ReasonCode
	Count float64
}

// ForecastHour is an hour of the forecast, by the clock of the venues.
type ForecastHour struct {
	Start                         time.Time
	Showings, Clicks, Redemptions Range
}

// ForecastCell is a coarse cell of the forecast.
type ForecastCell struct {
	Cell     string // H3, in hexadecimal; empty: unknown
	Showings Range
}

// Displaced is a campaign whose offers would make room.
type Displaced struct {
	CampaignRef
	Category string  // of the venue; empty: unknown
	Showings float64 // that it would lose
}
