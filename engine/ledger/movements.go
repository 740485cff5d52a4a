package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// movementPage is how many movements are read at once.
const movementPage = 1000

// ListMovements implements engine.Redeemer. Cost: linear in the accounts, and in the page.
func (b *Book) ListMovements(ctx context.Context, merchant string, p engine.Page) (page []engine.AccountMovement, next string, err error) {
	from, number, ok := parsePlace(p.After)
	if !ok {
		return nil, "", engine.Faults{{Path: "cursor", Code: "invalid", Message: "is not a next_cursor of this server"}}
	}
	err = b.eachAccount(ctx, merchant, func(ref engine.CampaignRef) error {
		var after uint64
		switch c := compareRefs(ref, from); {
		case c < 0:
			return nil
		case c == 0:
			after = number
		}
		left := p.Limit + 1 - len(page)
		if left <= 0 {
			return errEnough
		}
		movements, err := b.accounts.Movements(ctx, ref, after, left)
		for _, m := range movements {
			page = append(page, engine.AccountMovement{CampaignRef: ref, Movement: m})
		}
		return err
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, "", err
	}
	if len(page) > p.Limit {
		page = page[:p.Limit]
		next = page[p.Limit-1].Place()
	}
	return page, next, nil
}

// EachMovement implements engine.Redeemer. It reads a page at a time: what happens meanwhile to accounts that are not reached yet is among it. Cost: linear in
// the accounts, and in the movements that come after the place.
func (b *Book) EachMovement(ctx context.Context, merchant, after string, fn func(*engine.AccountMovement) error) error {
	from, number, ok := parsePlace(after)
	if !ok {
		return engine.Faults{{Path: "after", Code: "invalid", Message: fmt.Sprintf("%.300q is not merchant/campaign/number", after)}}
	}
	return b.eachAccount(ctx, merchant, func(ref engine.CampaignRef) error {
		first := uint64(0)
		switch c := compareRefs(ref, from); {
		case c < 0:
			return nil
		case c == 0:
			first = number
		}
		return eachMovement(ctx, b.accounts, ref, first, func(m *engine.Movement) error {
			return fn(&engine.AccountMovement{CampaignRef: ref, Movement: *m})
		})
	})
}

// errEnough ends an iteration.
var errEnough = errors.New("enough")

// parsePlace undoes engine.AccountMovement.Place; the empty one is before all.
func parsePlace(place string) (ref engine.CampaignRef, number uint64, ok bool) {
	if place == "" {
		return ref, 0, true
	}
	parts := strings.Split(place, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return ref, 0, false
	}
	number, err := strconv.ParseUint(parts[2], 10, 64)
	return engine.CampaignRef{MerchantID: parts[0], CampaignID: parts[1]}, number, err == nil
}

// compareRefs orders campaigns as their accounts are listed: by the bytes of merchant/campaign.
func compareRefs(a, b engine.CampaignRef) int {
	return strings.Compare(a.MerchantID+"/"+a.CampaignID, b.MerchantID+"/"+b.CampaignID)
}

func (b *Book) eachAccount(ctx context.Context, merchant string, fn func(engine.CampaignRef) error) error {
	return b.accounts.EachAccount(ctx, func(ref engine.CampaignRef) error {
		if merchant != "" && ref.MerchantID != merchant {
			return nil
		}
		return fn(ref)
	})
}

func eachMovement(ctx context.Context, accounts engine.Accounts, ref engine.CampaignRef, after uint64, fn func(*engine.Movement) error) error {
	for {
		page, err := accounts.Movements(ctx, ref, after, movementPage)
		if err != nil {
			return err
		}
		for i := range page {
			if err := fn(&page[i]); err != nil {
				return err
			}
			after = page[i].Number
		}
		if len(page) < movementPage {
			return nil
		}
	}
}
