package catalog

import (
	"fmt"

	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// PointsFrom is the number of sites from which a listing with fences of its own carries an index of their positions.
const PointsFrom = 17

// maxKeptRules bounds the compiled expressions that are kept for the next campaign with the same one.
const maxKeptRules = 4_096

// compiler makes what the decision path reads of what the store keeps. What many campaigns share, they share in memory: the
// sets of languages, the zones, the rules. It belongs to one goroutine.
type compiler struct {
	rules     *Rules
	locations *locations
	languages languageSets
	compiled  map[string]engine.Rule // by expression
}

func newCompiler() *compiler {
	l := newLocations()
	return &compiler{newRules(l), l, make(languageSets), make(map[string]engine.Rule)}
}

// site compiles a venue.
func (c *compiler) site(v *engine.Venue) (*engine.Site, error) {
	zone, err := c.locations.load(v.TimeZone)
	if err != nil {
		return nil, err
	}
	names, err := c.languages.of(v.Name)
	if err != nil {
		return nil, err
	}
	return &engine.Site{Venue: v, Zone: zone, Names: names}, nil
}

// terms are what a campaign's own content compiles to, whatever its venues.
type terms struct {
	languages *engine.LanguageSet
	audience  []language.Tag
	rule      engine.Rule
}

// terms compiles the languages, the audience and the geofences of a campaign; the last are set in it.
func (c *compiler) terms(campaign *engine.Campaign) (terms, error) {
	for i := range campaign.Geofences {
		if err := campaign.Geofences[i].Compile(); err != nil {
			return terms{}, fmt.Errorf("compile geofence %d: %w", i, err)
		}
	}
	languages, err := c.languages.of(campaign.Title)
	if err != nil {
		return terms{}, err
	}
	audience, err := parseTags(campaign.Audience.Languages)
	if err != nil {
		return terms{}, err
	}
	rule, err := c.rule(campaign.Audience.Expression)
	if err != nil {
		return terms{}, fmt.Errorf("compile expression: %w", err)
	}
	return terms{languages, audience, rule}, nil
}

func (c *compiler) rule(expression string) (engine.Rule, error) {
	if expression == "" {
		return nil, nil
	}
	if known := c.compiled[expression]; known != nil {
		return known, nil
	}
	rule, err := c.rules.Compile(expression)
	if err != nil {
		return nil, err
	}
	if len(c.compiled) >= maxKeptRules {
		clear(c.compiled)
	}
	c.compiled[expression] = rule
	return rule, nil
}

// newListing puts a compiled campaign and its sites together.
func newListing(campaign *engine.Campaign, t terms, merchant *engine.Merchant, sites []engine.Site) *engine.Listing {
	l := &engine.Listing{
		Campaign: campaign, Merchant: merchant, Sites: sites,
		Languages: t.languages, Audience: t.audience, Rule: t.rule,
	}
	if len(campaign.Geofences) > 0 && len(sites) >= PointsFrom {
		points := make([]geo.Point, len(sites))
		for i := range sites {
			points[i] = geo.Point{Handle: uint32(i), At: sites[i].Venue.Position}
		}
		l.Points = new(geo.Points).Apply(nil, points)
	}
	return l
}
