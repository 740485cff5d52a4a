package catalog

import (
	"slices"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// normalizeMerchant gives the texts of a checked merchant their canonical tags.
func normalizeMerchant(m *engine.Merchant) { m.Name = normalText(m.Name) }

// normalizeVenue gives a checked venue the one form in which its content is stored.
func normalizeVenue(v *engine.Venue) {
	v.Name = normalText(v.Name)
	v.Partners = normalList(v.Partners)
}

// normalizeCampaign gives a checked campaign the one form in which its content is stored: canonical language tags, nothing
// where a list is empty, and the draft status where there is none. Lists of the caller's stay as they are.
func normalizeCampaign(c *engine.Campaign) {
	c.Title = normalText(c.Title)
	c.Description = normalText(c.Description)
	c.Terms = normalText(c.Terms)
	c.Discount.Gift = normalText(c.Discount.Gift)
	c.Venues.IDs = normalList(c.Venues.IDs)
	c.Categories = normalList(c.Categories)
	c.Geofences = coveredList(c.Geofences)
	c.Flight.Windows = normalList(c.Flight.Windows)
	c.Flight.Except = normalList(c.Flight.Except)
	c.Flight.Blackouts = normalList(c.Flight.Blackouts)
	c.Audience.HomeCountries = normalList(c.Audience.HomeCountries)
	c.Audience.Segments = normalList(c.Audience.Segments)
	c.Audience.SpendTiers = normalList(c.Audience.SpendTiers)
	var tags []string
	for _, tag := range c.Audience.Languages {
		canonical, _ := canonicalTag(tag)
		tags = append(tags, canonical)
	}
	c.Audience.Languages = tags
	c.Budgets = normalList(c.Budgets)
	c.Caps = normalList(c.Caps)
	if c.Status == "" {
		c.Status = engine.StatusDraft
	}
}

// coveredList returns checked geofences with the coverings of those that are dear to cover: circles are not.
func coveredList(list []engine.Geofence) []engine.Geofence {
	list = slices.Clone(normalList(list))
	for i := range list {
		g := &list[i]
		g.Covering = nil
		if g.Circle == nil && g.Fence != nil {
			covering := geo.Cover(g.Fence)
			g.Covering = covering.AppendBinary(nil)
		}
	}
	return list
}

func normalList[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func normalText(t engine.Text) engine.Text {
	if len(t) == 0 {
		return nil
	}
	out := make(engine.Text, len(t))
	for tag, wording := range t {
		canonical, _ := canonicalTag(tag)
		out[canonical] = wording
	}
	return out
}
