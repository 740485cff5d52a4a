package catalog

import (
	"fmt"
	"sync"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// PointsFrom is the number of sites from which a listing with fences of its own carries an index of their positions.
const PointsFrom = 17

// maxKeptRules bounds the compiled expressions that are kept for the next campaign with the same one.
const maxKeptRules = 4_096

// compiler makes what the decision path reads of what the store keeps. What many campaigns share, they share in memory: the
// sets of languages, the zones, the rules. Safe for concurrent use.
type compiler struct {
	packer    engine.Packer
	campaigns *engine.Unpacked[engine.Campaign]
	venues    *engine.Unpacked[engine.Venue]
	rules     *Rules
	locations *locations

	mu        sync.Mutex // guards the rest
	languages languageSets
	compiled  map[string]engine.Rule // by expression
}

// The campaigns and venues that lie unpacked at the same time: some 2 KB each.
const (
	unpackedCampaigns = 1 << 15
	unpackedVenues    = 1 << 15
)

func newCompiler(packer engine.Packer) *compiler {
	l := newLocations()
	return &compiler{
		packer:    packer,
		campaigns: engine.NewUnpacked(unpackedCampaigns, packer.UnpackCampaign),
		venues:    engine.NewUnpacked(unpackedVenues, packer.UnpackVenue),
		rules:     newRules(l), locations: l, languages: make(languageSets), compiled: make(map[string]engine.Rule),
	}
}

// site compiles a venue.
func (c *compiler) site(v *engine.Venue) (*engine.Site, error) {
	zone, err := c.locations.load(v.TimeZone)
	if err != nil {
		return nil, err
	}
	names, err := c.languagesOf(v.Name)
	if err != nil {
		return nil, err
	}
	packed, err := c.packer.PackVenue(v)
	if err != nil {
		return nil, err
	}
	s := engine.NewSite(v)
	s.Zone, s.Names = zone, names
	s.Pack(packed, c.venues)
	return s, nil
}

// compiled is a campaign's content, compiled, before it is known which of its fences others have too.
type compiled struct {
	draft  // its shapes are the campaign's own
	venues []string
}

// compile compiles a campaign with its geofences.
func (c *compiler) compile(campaign *engine.Campaign) (compiled, error) {
	languages, err := c.languagesOf(campaign.Title)
	if err != nil {
		return compiled{}, err
	}
	audience, err := parseTags(campaign.Audience.Languages)
	if err != nil {
		return compiled{}, err
	}
	rule, err := c.rule(campaign.Audience.Expression)
	if err != nil {
		return compiled{}, fmt.Errorf("compile expression: %w", err)
	}
	packed, err := c.packer.PackCampaign(campaign)
	if err != nil {
		return compiled{}, err
	}
	shapes, err := shapesOf(campaign.Geofences)
	if err != nil {
		return compiled{}, err
	}
	t := engine.NewTerms(campaign)
	t.Languages, t.Audience, t.Rule = languages, audience, rule
	t.Pack(packed, c.campaigns)
	return compiled{draft{terms: t, shapes: shapes, chain: campaign.Venues.Chain, all: campaign.Venues.All}, campaign.Venues.IDs}, nil
}

// shapesOf compiles geofences and returns the shapes of those that are not circles, by index; nil where all are.
func shapesOf(geofences []engine.Geofence) (shapes []*shape, err error) {
	for i := range geofences {
		g := &geofences[i]
		if err := g.Compile(); err != nil {
			return nil, fmt.Errorf("compile geofence %d: %w", i, err)
		}
		key, ok := keyOf(g)
		if !ok {
			continue
		}
		if shapes == nil {
			shapes = make([]*shape, len(geofences))
		}
		shapes[i] = &shape{key: key, fence: g.Fence}
		if covering, err := geo.ParseCovering(g.Covering); err == nil {
			shapes[i].covering = covering
		}
	}
	return shapes, nil
}

func (c *compiler) languagesOf(t engine.Text) (*engine.LanguageSet, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.languages.of(t)
}

func (c *compiler) rule(expression string) (engine.Rule, error) {
	if expression == "" {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
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
func newListing(t *engine.Terms, merchant *engine.Merchant, steads []*stead) *engine.Listing {
	l := &engine.Listing{Terms: t, Merchant: merchant, Sites: make([]*engine.Site, len(steads))}
	for i, s := range steads {
		l.Sites[i] = s.site
	}
	if len(t.Fences) > 0 && len(steads) >= PointsFrom {
		at := make([]geo.LatLng, len(steads))
		for i, s := range l.Sites {
			at[i] = s.Position
		}
		l.Points = geo.NewPoints(at)
	}
	return l
}
