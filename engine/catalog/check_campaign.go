package catalog

import (
	"errors"
	"net/url"
	"unicode/utf8"

	"github.com/sihai-network/sihai/engine"
)

// CheckCampaign tells everything that is wrong with c, whether or not its venues exist, and compiles its geofences and,
// to see that it can be, its expression.
func (s *Service) CheckCampaign(c *engine.Campaign) engine.Faults {
	var k checker
	k.id("id", c.ID)
	k.id("merchant_id", c.MerchantID)
	k.text("title", c.Title, MaxTitle, true)
	k.text("description", c.Description, MaxDescription, false)
	k.text("terms", c.Terms, MaxTerms, false)
	k.imageURL(c.ImageURL)
	k.discount(&c.Discount)
	k.venueSet(&c.Venues)
	k.categories(c.Categories)
	k.geofences(c.Geofences)
	k.flight(&c.Flight)
	k.display(&c.Display, &c.Flight)
	k.audience(&c.Audience, s.rules)
	k.budgets(c.Budgets)
	k.frequencyCaps(c.Caps)
	among(&k, "pacing", c.Pacing, "", engine.PacingASAP, engine.PacingEvenly, engine.PacingFrontloaded)
	k.stacking(&c.Stacking)
	among(&k, "status", c.Status, "", engine.StatusDraft, engine.StatusEnabled, engine.StatusDisabled, engine.StatusArchived)
	return k.faults
}

func (k *checker) imageURL(raw string) {
	if raw == "" {
		return
	}
	if len(raw) > MaxImageURL {
		k.add("image_url", "too_long", "an address has at most %d characters", MaxImageURL)
		return
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !utf8.ValidString(raw) {
		k.add("image_url", "invalid", "an image's address begins with https:// or http:// and a host")
	}
}

func (k *checker) venueSet(v *engine.VenueSet) {
	if len(v.IDs) == 0 && v.Chain == "" && !v.All {
		k.add("venues", "required", "a campaign holds at some venues: ids, chain or all")
	}
	if k.count("venues.ids", len(v.IDs), MaxVenueIDs) {
		seen := make(map[string]int, len(v.IDs))
		for i, id := range v.IDs {
			k.id(at("venues.ids", i), id)
			k.once("venues.ids", i, id, seen)
		}
	}
	if v.Chain != "" {
		k.word("venues.chain", v.Chain)
	}
	if v.Radius != 0 && !(v.Radius >= MinVenueRadius && v.Radius <= MaxVenueRadius) {
		k.add("venues.radius", "out_of_range", "%v is not between %v and %v metres", float64(v.Radius), float64(MinVenueRadius), float64(MaxVenueRadius))
	}
}

func (k *checker) categories(codes []string) {
	if !k.count("categories", len(codes), MaxCategories) {
		return
	}
	seen := make(map[string]int, len(codes))
	for i, code := range codes {
		k.category(at("categories", i), code)
		k.once("categories", i, code, seen)
	}
}

func (k *checker) geofences(fences []engine.Geofence) {
	if !k.count("geofences", len(fences), MaxGeofences) {
		return
	}
	for i := range fences {
		err := fences[i].Compile()
		var faults engine.Faults
		switch {
		case err == nil:
		case errors.As(err, &faults):
			k.faults = append(k.faults, faults.Under(at("geofences", i))...)
		default:
			k.add(at("geofences", i), "invalid", "%v", err)
		}
	}
}

func (k *checker) stacking(s *engine.Stacking) {
	if s.Group != "" {
		k.word("stacking.group", s.Group)
	}
	among(k, "stacking.mode", s.Mode, "", engine.StackExclusive, engine.StackStackable)
	if s.Priority < -MaxPriority || s.Priority > MaxPriority {
		k.add("stacking.priority", "out_of_range", "%d is not between %d and %d", s.Priority, -MaxPriority, MaxPriority)
	}
}
