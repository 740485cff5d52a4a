package wire

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// Campaign is the unit that a merchant uploads.
type Campaign struct {
	ID            string         `json:"id" maxLength:"64" doc:"unique within its merchant: letters, digits and . _ : -, beginning with a letter or digit" example:"lincoln-15"`
	MerchantID    string         `json:"merchant_id,omitempty" maxLength:"64" doc:"its merchant; may be left out where the key or the upload names it"`
	Title         Text           `json:"title" doc:"BCP 47 tag → wording"`
	Description   Text           `json:"description,omitempty"`
	Terms         Text           `json:"terms,omitempty"`
	ImageURL      string         `json:"image_url,omitempty" doc:"http or https"`
	Discount      Discount       `json:"discount"`
	Venues        VenueSet       `json:"venues" doc:"at which venues of its merchant it holds: the union of what is set"`
	Categories    []string       `json:"categories,omitempty" doc:"merchant category codes; without any those of its venues"`
	Geofences     []Geofence     `json:"geofences,omitempty" doc:"where it is offered; without any in a circle round each venue"`
	Flight        *Flight        `json:"flight,omitempty"`
	Display       *Display       `json:"display,omitempty" doc:"when it is shown, where that is not while its flight lasts"`
	Audience      *Audience      `json:"audience,omitempty"`
	Budgets       []Budget       `json:"budgets,omitempty"`
	FrequencyCaps []FrequencyCap `json:"frequency_caps,omitempty"`
	Pacing        string         `json:"pacing,omitempty" enum:"asap,evenly,frontloaded" doc:"asap when left out"`
	Stacking      *Stacking      `json:"stacking,omitempty"`
	CodeRequired  bool           `json:"code_required,omitempty" doc:"it is used with one of its voucher codes only; offers say so. Set when codes are added; a campaign that has codes is used with one whatever this says"`
	Status        string         `json:"status,omitempty" enum:"draft,enabled,disabled,archived,scheduled,running,exhausted,expired" doc:"draft when left out: what was last asked for, one of draft, enabled, disabled and archived. A write may say scheduled, running, exhausted or expired for enabled"`
	State         string         `json:"state,omitempty" readOnly:"true" enum:"draft,scheduled,running,exhausted,expired,disabled,archived" doc:"where it is in its life now: by its status, the clocks of its venues and its budgets for all time"`
	Meta
}

// VenueSet says at which venues a campaign holds.
type VenueSet struct {
	IDs    []string `json:"ids,omitempty"`
	Chain  string   `json:"chain,omitempty" doc:"every venue with this tag"`
	All    bool     `json:"all,omitempty" doc:"every venue of the merchant"`
	Radius float64  `json:"radius,omitempty" minimum:"0" doc:"metres of the circle round each venue when there is no geofence; 500 when left out"`
}

// Geofence is exactly one shape.
type Geofence struct {
	Circle  *Circle         `json:"circle,omitempty"`
	GeoJSON json.RawMessage `json:"geojson,omitempty" doc:"a Polygon or MultiPolygon (RFC 7946)"`
	Cells   []string        `json:"cells,omitempty" doc:"H3 cells in hexadecimal, of any resolutions"`
}

// Circle is a disc on the ground.
type Circle struct {
	Lat    float64 `json:"lat" minimum:"-90" maximum:"90"`
	Lon    float64 `json:"lon" minimum:"-180" maximum:"180"`
	Radius float64 `json:"radius" minimum:"0" doc:"metres"`
}

// Audience says who may see a campaign.
type Audience struct {
	HomeCountries []string `json:"home_countries,omitempty" doc:"ISO 3166-1 alpha-2"`
	Languages     []string `json:"languages,omitempty" doc:"BCP 47"`
	Segments      []string `json:"segments,omitempty"`
	SpendTiers    []string `json:"spend_tiers,omitempty"`
	Expression    string   `json:"expression,omitempty" doc:"CEL over user, venue, request and now" example:"user.visits < 3"`
}

// Budget is what a campaign may not pass.
type Budget struct {
	Metric   string `json:"metric" enum:"spend,redemptions,impressions"`
	Limit    int64  `json:"limit" doc:"minor units of the currency for spend, a count otherwise"`
	Currency string `json:"currency,omitempty" maxLength:"3" doc:"ISO 4217; of spend"`
	Period   string `json:"period,omitempty" enum:"total,day,week,month" doc:"total when left out"`
	Per      string `json:"per,omitempty" enum:"campaign,venue,user" doc:"campaign when left out"`
}

// FrequencyCap allows count showings to a user in any window.
type FrequencyCap struct {
	Count  int    `json:"count" minimum:"1"`
	Window string `json:"window" minLength:"1" doc:"such as 24h, 90m or 7d" example:"24h"`
}

// Stacking says which offers may meet in one purchase.
type Stacking struct {
	Group    string `json:"group,omitempty"`
	Mode     string `json:"mode,omitempty" enum:"exclusive,stackable" doc:"exclusive when left out"`
	Priority int    `json:"priority,omitempty"`
}

var campaignPlan = planOf(reflect.TypeFor[Campaign]())

// DecodeCampaign reads a campaign. The faults are all there are; the campaign holds what could be read, its geofences not compiled.
func DecodeCampaign(data []byte) (engine.Campaign, engine.Faults) {
	var c Campaign
	faults := bind(data, campaignPlan, &c)
	return c.engine(&faults), faults
}

func (c *Campaign) engine(faults *engine.Faults) engine.Campaign {
	out := engine.Campaign{
		ID: c.ID, MerchantID: c.MerchantID, Title: c.Title.engine(), Description: c.Description.engine(), Terms: c.Terms.engine(), ImageURL: c.ImageURL,
		Discount:   c.Discount.engine(faults),
		Venues:     engine.VenueSet{IDs: c.Venues.IDs, Chain: c.Venues.Chain, All: c.Venues.All, Radius: geo.Meters(c.Venues.Radius)},
		Categories: c.Categories, Flight: c.Flight.engine(faults), Display: c.Display.engine(faults), CodeRequired: c.CodeRequired, Pacing: engine.Pacing(c.Pacing), Status: statusOf(c.Status),
	}
	for _, g := range c.Geofences {
		out.Geofences = append(out.Geofences, g.engine())
	}
	if a := c.Audience; a != nil {
		out.Audience = engine.Audience{HomeCountries: a.HomeCountries, Languages: a.Languages, Segments: a.Segments, SpendTiers: a.SpendTiers, Expression: a.Expression}
	}
	for _, b := range c.Budgets {
		out.Budgets = append(out.Budgets, b.engine())
	}
	for i, limit := range c.FrequencyCaps {
		window, ok := parseWindow(limit.Window)
		if !ok && limit.Window != "" {
			faults.Add(item("frequency_caps", i)+".window", "invalid", "%q is not a duration such as 24h, 90m or 7d", clip(limit.Window))
		}
		out.Caps = append(out.Caps, engine.FrequencyCap{Count: limit.Count, Window: window})
	}
	if s := c.Stacking; s != nil {
		out.Stacking = engine.Stacking{Group: s.Group, Mode: engine.StackingMode(s.Mode), Priority: s.Priority}
	}
	return out
}

// statusOf returns the stored status that a written one asks for.
func statusOf(text string) engine.Status {
	switch engine.State(text) {
	case engine.StateScheduled, engine.StateRunning, engine.StateExhausted, engine.StateExpired:
		return engine.StatusEnabled
	case "":
		return engine.StatusDraft
	}
	return engine.Status(text)
}

func (g *Geofence) engine() engine.Geofence {
	out := engine.Geofence{GeoJSON: g.GeoJSON, Cells: g.Cells}
	if c := g.Circle; c != nil {
		out.Circle = &engine.Circle{Center: geo.LatLng{Lat: c.Lat, Lng: c.Lon}, Radius: geo.Meters(c.Radius)}
	}
	return out
}

func (b *Budget) engine() engine.Budget {
	out := engine.Budget{Metric: engine.Metric(b.Metric), Limit: b.Limit, Currency: b.Currency, Period: engine.Period(b.Period), Per: engine.Scope(b.Per)}
	if out.Period == "" {
		out.Period = engine.PeriodTotal
	}
	if out.Per == "" {
		out.Per = engine.PerCampaign
	}
	return out
}

// CampaignOf returns c as it is sent, in the state that is known without its venues and budgets: see engine.States.
func CampaignOf(c *engine.Campaign, now time.Time) Campaign {
	out := Campaign{
		ID: c.ID, MerchantID: c.MerchantID, Title: Text(c.Title), Description: Text(c.Description), Terms: Text(c.Terms), ImageURL: c.ImageURL,
		Discount:   DiscountOf(&c.Discount),
		Venues:     VenueSet{IDs: c.Venues.IDs, Chain: c.Venues.Chain, All: c.Venues.All, Radius: float64(c.Venues.Radius)},
		Categories: c.Categories, Flight: flightOf(&c.Flight), Display: displayOf(c.Display), CodeRequired: c.CodeRequired, Pacing: string(c.Pacing), Status: string(c.Status), State: string(c.State(now)), Meta: metaOf(c.Meta),
	}
	for _, g := range c.Geofences {
		w := Geofence{GeoJSON: g.GeoJSON, Cells: g.Cells}
		if g.Circle != nil {
			w.Circle = &Circle{Lat: g.Circle.Center.Lat, Lon: g.Circle.Center.Lng, Radius: float64(g.Circle.Radius)}
		}
		out.Geofences = append(out.Geofences, w)
	}
	if a := c.Audience; len(a.HomeCountries)+len(a.Languages)+len(a.Segments)+len(a.SpendTiers)+len(a.Expression) > 0 {
		out.Audience = &Audience{HomeCountries: a.HomeCountries, Languages: a.Languages, Segments: a.Segments, SpendTiers: a.SpendTiers, Expression: a.Expression}
	}
	for _, b := range c.Budgets {
		out.Budgets = append(out.Budgets, Budget{Metric: string(b.Metric), Limit: b.Limit, Currency: b.Currency, Period: string(b.Period), Per: string(b.Per)})
	}
	for _, limit := range c.Caps {
		out.FrequencyCaps = append(out.FrequencyCaps, FrequencyCap{Count: limit.Count, Window: windowText(limit.Window)})
	}
	if s := c.Stacking; s != (engine.Stacking{}) {
		out.Stacking = &Stacking{Group: s.Group, Mode: string(s.Mode), Priority: s.Priority}
	}
	return out
}
