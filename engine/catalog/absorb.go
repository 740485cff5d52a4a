package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// absorb reads what some changes are about, each resource once, as its last change left it. It may be called again with the same changes.
func (b *builder) absorb(ctx context.Context, store engine.Store, changes []engine.Change) error {
	last := make(map[resource]int, len(changes))
	for i := range changes {
		last[resourceOf(&changes[i])] = i
	}
	for i := range changes {
		if last[resourceOf(&changes[i])] != i {
			continue
		}
		if err := b.absorbOne(ctx, store, changes[i]); err != nil {
			return err
		}
	}
	return nil
}

// resource names what a change is about.
type resource struct {
	kind         engine.ChangeKind
	merchant, id string
}

func resourceOf(c *engine.Change) resource {
	switch c.Kind {
	case engine.ChangeProfile, engine.ChangeRates, engine.ChangeKey, engine.ChangeExperiment:
		return resource{kind: c.Kind} // read as a whole
	}
	return resource{c.Kind, c.MerchantID, c.ID}
}

// absorbOne reads what one change left: the version that it tells, so that what a snapshot holds follows from its own version alone, or the newest where none is told.
func (b *builder) absorbOne(ctx context.Context, store engine.Store, c engine.Change) error {
	gone := c.After == 0 && c.Before > 0
	switch c.Kind {
	case engine.ChangeMerchant:
		m, err := merchantOf(ctx, store, &c)
		if ok, err := b.readable(err, c); !ok {
			return err
		}
		b.setMerchant(m)
	case engine.ChangeVenue:
		v, err := venueOf(ctx, store, &c)
		ok, err := b.readable(err, c)
		if err != nil {
			return err
		}
		if gone || !ok {
			b.putSite(c.MerchantID, c.ID, nil, "")
			return nil
		}
		b.setVenue(&v)
	case engine.ChangeCampaign:
		campaign, err := campaignOf(ctx, store, &c)
		ok, err := b.readable(err, c)
		if err != nil {
			return err
		}
		if gone || !ok {
			b.putCampaign(c.MerchantID, c.ID, compiled{})
			return nil
		}
		b.setCampaign(&campaign)
	case engine.ChangeProfile:
		return b.absorbProfile(ctx, store, &c)
	case engine.ChangeRates:
		return b.absorbRates(ctx, store, &c)
	case engine.ChangeKey:
		return b.absorbKeys(ctx, store)
	case engine.ChangeExperiment:
		return b.absorbExperiments(ctx, store)
	}
	return nil
}

func merchantOf(ctx context.Context, store engine.Store, c *engine.Change) (engine.Merchant, error) {
	if c.After > 0 {
		return store.MerchantVersion(ctx, c.ID, c.After)
	}
	return store.Merchant(ctx, c.ID)
}

func venueOf(ctx context.Context, store engine.Store, c *engine.Change) (engine.Venue, error) {
	if c.After > 0 {
		return store.VenueVersion(ctx, c.MerchantID, c.ID, c.After)
	}
	return store.Venue(ctx, c.MerchantID, c.ID)
}

func campaignOf(ctx context.Context, store engine.Store, c *engine.Change) (engine.Campaign, error) {
	if c.After > 0 {
		return store.CampaignVersion(ctx, c.MerchantID, c.ID, c.After)
	}
	return store.Campaign(ctx, c.MerchantID, c.ID)
}

// readable reports whether a resource was read. One that is gone is not, and neither is one whose bytes are corrupt: that is
// logged, so that it does not hold up all others. Any other error is returned.
func (b *builder) readable(err error, c engine.Change) (bool, error) {
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, engine.ErrNotFound):
		return false, nil
	case errors.Is(err, engine.ErrCorrupt):
		b.log.Error("resource left out of the catalog", "kind", c.Kind, "merchant", c.MerchantID, "id", c.ID, "error", err)
		return false, nil
	}
	return false, fmt.Errorf("read %s %s/%s: %w", c.Kind, c.MerchantID, c.ID, err)
}

func (b *builder) absorbProfile(ctx context.Context, store engine.Store, c *engine.Change) error {
	var p scoring.Profile
	var err error
	if c.After > 0 {
		p, err = store.Profile(ctx, c.ID, c.After)
	} else {
		p, err = store.ActiveProfile(ctx)
	}
	if errors.Is(err, engine.ErrNotFound) {
		p, err = scoring.Default(), nil
	}
	if err != nil {
		return fmt.Errorf("read active scoring profile: %w", err)
	}
	b.snapshot.Profile = p
	return nil
}

func (b *builder) absorbRates(ctx context.Context, store engine.Store, c *engine.Change) error {
	var rates engine.Rates
	var err error
	if c.After > 0 || c.Before > 0 {
		rates, err = store.RatesVersion(ctx, c.After)
	} else {
		rates, err = store.Rates(ctx)
	}
	if err != nil {
		return fmt.Errorf("read reference rates: %w", err)
	}
	b.snapshot.Rates = rates
	return nil
}

func (b *builder) absorbKeys(ctx context.Context, store engine.Store) error {
	keys := make(map[[32]byte]engine.Key)
	err := store.EachKey(ctx, func(k engine.Key) error {
		if k.Revoked.IsZero() {
			keys[k.Hash] = k
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read API keys: %w", err)
	}
	b.snapshot.Keys = keys
	return nil
}
