package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// absorb reads what some changes are about, each resource once. It may be called again with the same changes.
func (b *builder) absorb(ctx context.Context, store engine.Store, changes []engine.Change) error {
	type resource struct {
		kind         engine.ChangeKind
		merchant, id string
	}
	seen := make(map[resource]bool, len(changes))
	for _, c := range changes {
		this := resource{c.Kind, c.MerchantID, c.ID}
		switch c.Kind {
		case engine.ChangeProfile, engine.ChangeRates, engine.ChangeKey:
			this = resource{kind: c.Kind} // read as a whole
		}
		if seen[this] {
			continue
		}
		seen[this] = true
		if err := b.absorbOne(ctx, store, c); err != nil {
			return err
		}
	}
	return nil
}

// absorbOne reads what one change is about.
func (b *builder) absorbOne(ctx context.Context, store engine.Store, c engine.Change) error {
	switch c.Kind {
	case engine.ChangeMerchant:
		m, err := store.Merchant(ctx, c.ID)
		if ok, err := b.readable(err, c); !ok {
			return err
		}
		b.setMerchant(m)
	case engine.ChangeVenue:
		v, err := store.Venue(ctx, c.MerchantID, c.ID)
		ok, err := b.readable(err, c)
		if err != nil {
			return err
		}
		if !ok {
			b.putSite(c.MerchantID, c.ID, nil, "")
			return nil
		}
		b.setVenue(&v)
	case engine.ChangeCampaign:
		campaign, err := store.Campaign(ctx, c.MerchantID, c.ID)
		ok, err := b.readable(err, c)
		if err != nil {
			return err
		}
		if !ok {
			b.putCampaign(c.MerchantID, c.ID, compiled{})
			return nil
		}
		b.setCampaign(&campaign)
	case engine.ChangeProfile:
		return b.absorbProfile(ctx, store)
	case engine.ChangeRates:
		rates, err := store.Rates(ctx)
		if err != nil {
			return fmt.Errorf("read reference rates: %w", err)
		}
		b.snapshot.Rates = rates
	case engine.ChangeKey:
		return b.absorbKeys(ctx, store)
	}
	return nil
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

func (b *builder) absorbProfile(ctx context.Context, store engine.Store) error {
	p, err := store.ActiveProfile(ctx)
	if errors.Is(err, engine.ErrNotFound) {
		p, err = scoring.Default(), nil
	}
	if err != nil {
		return fmt.Errorf("read active scoring profile: %w", err)
	}
	b.snapshot.Profile = p
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
