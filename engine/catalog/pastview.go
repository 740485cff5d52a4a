package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
)

// pastView is a store as it was at a moment of its change feed, as far as a builder reads it.
type pastView struct {
	read uint64 // up to where it is known what changed since
	engine.Store
	only      map[engine.CampaignRef]bool // nil: all
	merchants map[string]bool             // of only
	from      uint64                      // the position that is loaded: until, or that before an import which was being told then
	until     uint64                      // the feed ends here
	was       map[resource]uint64         // of what changed after from, the version until then, 0 for none
	told      map[uint64]engine.Change    // changes of earlier releases, by sequence, with the versions that they did not tell
}

func newPastView(ctx context.Context, store engine.Store, only map[engine.CampaignRef]bool, version uint64) (*pastView, error) {
	head, err := store.Position(ctx)
	if err != nil {
		return nil, err
	}
	if version > head {
		return nil, engine.ErrNotFound
	}
	v := &pastView{Store: store, only: only, from: version, until: version, was: make(map[resource]uint64), told: make(map[uint64]engine.Change)}
	if only != nil {
		v.merchants = make(map[string]bool)
		for ref := range only {
			v.merchants[ref.MerchantID] = true
		}
	}
	if err := v.findStart(ctx); err != nil {
		return nil, err
	}
	return v, v.readSince(ctx)
}

// findStart goes back before an import of which another row follows: its changes stand together.
func (v *pastView) findStart(ctx context.Context) error {
	open := ""
	for v.from > 0 {
		after := v.from - min(v.from, feedPage)
		page, err := v.Store.Changes(ctx, after, int(v.from-after))
		if err != nil {
			return err
		}
		for i := len(page) - 1; i >= 0; i-- {
			c := &page[i]
			if c.Seq == v.until && c.More {
				open = importKey(*c)
			}
			if open == "" || c.ImportID == "" || importKey(*c) != open {
				return nil
			}
			v.from = c.Seq - 1
		}
	}
	return nil
}

// readSince reads what changed after the start, and works out the versions that earlier releases did not tell: each put made one.
func (v *pastView) readSince(ctx context.Context) error {
	v.read = v.from
	var untold []engine.Change
	_, err := v.readOn(ctx, func(c *engine.Change) { untold = append(untold, *c) })
	if err != nil {
		return err
	}
	return v.workOut(ctx, untold)
}

// readOn reads the changes that are new and returns what they are about where that did not change before. Those without versions go to untold.
func (v *pastView) readOn(ctx context.Context, untold func(*engine.Change)) (fresh []engine.Change, err error) {
	for {
		page, err := v.Store.Changes(ctx, v.read, maxChanges)
		if err != nil || len(page) == 0 {
			return fresh, err
		}
		v.read = page[len(page)-1].Seq
		for i := range page {
			c := &page[i]
			switch {
			case c.Kind == engine.ChangeKey, c.Kind == engine.ChangeProfile, c.Kind == engine.ChangeExperiment: // nobody asks a past catalog for them
			case c.Before == 0 && c.After == 0 && c.Kind == engine.ChangeRates: // nobody kept the days as they were
			case c.Before == 0 && c.After == 0:
				untold(c)
			default:
				if _, known := v.was[resourceOf(c)]; !known {
					v.was[resourceOf(c)] = c.Before
					fresh = append(fresh, *c)
				}
			}
		}
	}
}

// settle puts back what changed while a builder loaded the catalog.
func (v *pastView) settle(ctx context.Context, b *builder) error {
	fresh, err := v.readOn(ctx, func(*engine.Change) {})
	if err != nil {
		return err
	}
	for _, c := range fresh {
		if !v.has(&c) {
			continue
		}
		c.Before, c.After = c.After, c.Before
		if err := b.absorbOne(ctx, v.Store, c); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether what a change is about is looked at.
func (v *pastView) has(c *engine.Change) bool {
	switch {
	case v.only == nil || c.Kind == engine.ChangeRates:
		return true
	case c.Kind == engine.ChangeCampaign:
		return v.only[engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}]
	}
	return v.merchants[c.MerchantID]
}

const maxChanges = 10_000

// workOut numbers changes of which earlier releases told no versions, from the last to the first.
func (v *pastView) workOut(ctx context.Context, untold []engine.Change) error {
	next := make(map[resource]uint64) // the version that the change before leads to
	for i := len(untold) - 1; i >= 0; i-- {
		c := untold[i]
		of := resourceOf(&c)
		after, known := next[of]
		if !known {
			if told, later := v.was[of]; later {
				after = told
			} else {
				var err error
				if after, err = v.newest(ctx, &c); err != nil {
					return err
				}
			}
		}
		if after == 0 {
			return fmt.Errorf("%s %s/%s was deleted after it was written by an earlier release, which does not tell its versions: %w", c.Kind, c.MerchantID, c.ID, engine.ErrNotFound)
		}
		c.After, c.Before = after, after-1
		next[of], v.told[c.Seq] = c.Before, c
	}
	for of, before := range next {
		v.was[of] = before
	}
	return nil
}

// newest returns the version of a resource that is current, 0 when there is none or it is not versioned so.
func (v *pastView) newest(ctx context.Context, c *engine.Change) (version uint64, err error) {
	switch c.Kind {
	case engine.ChangeMerchant:
		var m engine.Merchant
		m, err = v.Store.Merchant(ctx, c.ID)
		version = m.Meta.Version
	case engine.ChangeVenue:
		var at engine.Venue
		at, err = v.Store.Venue(ctx, c.MerchantID, c.ID)
		version = at.Meta.Version
	case engine.ChangeCampaign:
		var at engine.Campaign
		at, err = v.Store.Campaign(ctx, c.MerchantID, c.ID)
		version = at.Meta.Version
	}
	if errors.Is(err, engine.ErrNotFound) {
		return 0, nil
	}
	return version, err
}

// Changes tells the feed up to a moment.
func (v *pastView) Changes(ctx context.Context, after uint64, limit int) ([]engine.Change, error) {
	if after >= v.until {
		return nil, nil
	}
	page, err := v.Store.Changes(ctx, after, min(limit, int(min(v.until-after, maxChanges))))
	for i := range page {
		if c, ok := v.told[page[i].Seq]; ok {
			page[i] = c
		}
		if !v.has(&page[i]) {
			page[i].Kind = unseen
		}
	}
	return page, err
}

// unseen is the kind of a change of what is not looked at: a builder passes over it.
const unseen engine.ChangeKind = "unseen"

// EachMerchant gives the merchants that were there.
func (v *pastView) EachMerchant(ctx context.Context, fn func(engine.Merchant) error) error {
	return v.Store.EachMerchant(ctx, func(m engine.Merchant) error {
		if v.merchants != nil && !v.merchants[m.ID] {
			return nil
		}
		if version, changed := v.was[resource{engine.ChangeMerchant, m.ID, m.ID}]; changed {
			if version == 0 {
				return nil
			}
			past, err := v.Store.MerchantVersion(ctx, m.ID, version)
			if err != nil {
				return err
			}
			m = past
		}
		return fn(m)
	})
}

// EachVenue gives the venues that were there, those that changed since in the end.
func (v *pastView) EachVenue(ctx context.Context, fn func(engine.Venue) error) error {
	current := func(venue engine.Venue) error {
		if _, changed := v.was[resource{engine.ChangeVenue, venue.MerchantID, venue.ID}]; changed {
			return nil
		}
		return fn(venue)
	}
	if err := v.eachCurrentVenue(ctx, current); err != nil {
		return err
	}
	for of, version := range v.was {
		if of.kind != engine.ChangeVenue || version == 0 || v.merchants != nil && !v.merchants[of.merchant] {
			continue
		}
		venue, err := v.Store.VenueVersion(ctx, of.merchant, of.id, version)
		if err != nil {
			return err
		}
		if err := fn(venue); err != nil {
			return err
		}
	}
	return nil
}

func (v *pastView) eachCurrentVenue(ctx context.Context, fn func(engine.Venue) error) error {
	if v.merchants == nil {
		return v.Store.EachVenue(ctx, fn)
	}
	for merchant := range v.merchants {
		for p := (engine.Page{Limit: feedPage}); ; {
			page, next, err := v.Store.ListVenues(ctx, merchant, p)
			if err != nil {
				return err
			}
			for _, venue := range page {
				if err := fn(venue); err != nil {
					return err
				}
			}
			if p.After = next; next == "" {
				break
			}
		}
	}
	return nil
}

// EachCampaign gives the campaigns that were there, those that changed since in the end.
func (v *pastView) EachCampaign(ctx context.Context, fn func(engine.Campaign) error) error {
	current := func(c engine.Campaign) error {
		if _, changed := v.was[resource{engine.ChangeCampaign, c.MerchantID, c.ID}]; changed {
			return nil
		}
		return fn(c)
	}
	if err := v.eachCurrentCampaign(ctx, current); err != nil {
		return err
	}
	for of, version := range v.was {
		if of.kind != engine.ChangeCampaign || version == 0 || v.only != nil && !v.only[engine.CampaignRef{MerchantID: of.merchant, CampaignID: of.id}] {
			continue
		}
		c, err := v.Store.CampaignVersion(ctx, of.merchant, of.id, version)
		if err != nil {
			return err
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

func (v *pastView) eachCurrentCampaign(ctx context.Context, fn func(engine.Campaign) error) error {
	if v.only == nil {
		return v.Store.EachCampaign(ctx, fn)
	}
	for ref := range v.only {
		c, err := v.Store.Campaign(ctx, ref.MerchantID, ref.CampaignID)
		if errors.Is(err, engine.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

// Rates returns the book as it was.
func (v *pastView) Rates(ctx context.Context) (engine.Rates, error) {
	if version, changed := v.was[resource{kind: engine.ChangeRates}]; changed {
		return v.Store.RatesVersion(ctx, version)
	}
	return v.Store.Rates(ctx)
}

// ListExperiments gives none: a decision tells its arm, and the profile that it was made by.
func (v *pastView) ListExperiments(context.Context, engine.Page) ([]engine.Experiment, string, error) {
	return nil, "", nil
}

// EachKey gives none: nobody asks a past catalog for keys.
func (v *pastView) EachKey(context.Context, func(engine.Key) error) error { return nil }
