package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// movementPage is how many movements are read at once.
const movementPage = 1000

// ListMovements implements engine.Redeemer. Cost: linear in the accounts, and in the page.
func (b *Book) ListMovements(ctx context.Context, merchant string, p engine.Page) (page []engine.AccountMovement, next string, err error) {
	from, number, err := parseMovementCursor(p.After)
	if err != nil {
		return nil, "", err
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
		last := &page[p.Limit-1]
		next = last.MerchantID + "/" + last.CampaignID + "/" + strconv.FormatUint(last.Number, 10)
	}
	return page, next, nil
}

// errEnough ends an iteration.
var errEnough = errors.New("enough")

func parseMovementCursor(after string) (ref engine.CampaignRef, number uint64, err error) {
	if after == "" {
		return ref, 0, nil
	}
	parts := strings.Split(after, "/")
	if len(parts) == 3 {
		if number, err = strconv.ParseUint(parts[2], 10, 64); err == nil {
			return engine.CampaignRef{MerchantID: parts[0], CampaignID: parts[1]}, number, nil
		}
	}
	return ref, 0, engine.Faults{{Path: "cursor", Code: "invalid", Message: "is not a next_cursor of this server"}}
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

func eachMovement(ctx context.Context, accounts engine.Accounts, ref engine.CampaignRef, fn func(*engine.Movement) error) error {
	var after uint64
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

// VerifyAccounts implements engine.Redeemer. Movements that are made while it reads do not disturb it: each stored balance says as of which
// movement it is, and is compared with what had been computed by then.
func (b *Book) VerifyAccounts(ctx context.Context, merchant string) (engine.Audit, error) {
	var total engine.Audit
	err := b.eachAccount(ctx, merchant, func(ref engine.CampaignRef) error {
		a := audit{ref: ref, out: &total, computed: map[engine.BalanceKey]*engine.Balance{}, stored: map[engine.BalanceKey]engine.Balance{},
			redemptions: map[string]*heldState{}, codes: map[string]int64{}}
		total.Accounts++
		return a.run(ctx, b.accounts)
	})
	return total, err
}

// audit is the verification of one account.
type audit struct {
	ref         engine.CampaignRef
	out         *engine.Audit
	head        engine.AccountHead
	number      uint64
	added       int64 // codes
	computed    map[engine.BalanceKey]*engine.Balance
	stored      map[engine.BalanceKey]engine.Balance // not yet met in the movements
	redemptions map[string]*heldState
	codes       map[string]int64
}

// heldState is a redemption as it is stored, and whether the movements led there.
type heldState struct {
	status     engine.RedemptionStatus
	rolledBack int64
	agrees     bool
}

func (a *audit) fault(format string, args ...any) {
	if len(a.out.Faults) < engine.MaxAuditFaults {
		a.out.Faults = append(a.out.Faults, a.ref.MerchantID+"/"+a.ref.CampaignID+": "+fmt.Sprintf(format, args...))
	}
}

func (a *audit) run(ctx context.Context, accounts engine.Accounts) error {
	if err := a.read(ctx, accounts); err != nil {
		return err
	}
	err := eachMovement(ctx, accounts, a.ref, func(m *engine.Movement) error {
		a.follow(m)
		return nil
	})
	if err != nil {
		return err
	}
	a.out.Movements += a.number
	if a.number < a.head.Movements {
		a.fault("there are %d movements of %d", a.number, a.head.Movements)
	}
	for k := range a.stored {
		a.fault("the balance of %s %s says movement %d, which did not touch it", k.Per, k.ID, a.stored[k].Entry)
	}
	for id, r := range a.redemptions {
		if !r.agrees {
			a.fault("redemption %s is %s with %d rolled back, and no movement says so", id, r.status, r.rolledBack)
		}
	}
	slices.Sort(a.out.Faults)
	return nil
}

// read reads what is stored beside the movements, which are read after it.
func (a *audit) read(ctx context.Context, accounts engine.Accounts) error {
	err := accounts.ViewAccount(ctx, a.ref, func(r engine.AccountReader) (err error) {
		a.head, err = r.Head()
		return err
	})
	if err != nil {
		return err
	}
	own := a.head.Balance
	own.BalanceKey = engine.BalanceKey{Per: engine.PerCampaign}
	a.keep(&own)
	if err := accounts.EachBalance(ctx, a.ref, func(b engine.Balance) error { a.keep(&b); return nil }); err != nil {
		return err
	}
	return accounts.EachRedemption(ctx, a.ref, func(r engine.Redemption) error {
		a.redemptions[r.ID] = &heldState{status: r.Status, rolledBack: r.RolledBack}
		if r.Status == engine.Reserved && r.ExpiresAt.IsZero() {
			a.fault("redemption %s is held without an end", r.ID)
		}
		return nil
	})
}

func (a *audit) keep(b *engine.Balance) {
	if b.Entry == 0 && b.Total.IsZero() && len(b.Days) == 0 {
		return
	}
	a.out.Balances++
	a.stored[b.BalanceKey] = *b
}

// follow takes in the next movement.
func (a *audit) follow(m *engine.Movement) {
	if m.Number != a.number+1 {
		a.fault("movement %d follows on %d", m.Number, a.number)
	}
	a.number = m.Number
	a.added += m.Codes
	if m.Number == a.head.Movements && a.added != a.head.Codes {
		a.fault("%d codes were added, and the account says %d", a.added, a.head.Codes)
	}
	if m.Code != "" {
		if a.codes[m.Code] != m.CodeBefore {
			a.fault("movement %d: a code was used %d times before, by the movements %d", m.Number, m.CodeBefore, a.codes[m.Code])
		}
		a.codes[m.Code] = m.CodeAfter
	}
	for i := range m.Changes {
		a.followChange(m, &m.Changes[i])
	}
	if m.Kind == engine.MoveCodes {
		return
	}
	if r := a.redemptions[m.RedemptionID]; r != nil {
		agrees := r.status == m.Status && r.rolledBack == m.RolledBack
		r.agrees = agrees || r.agrees && m.Number > a.head.Movements // what came after the head may not have been read
	} else if m.Number <= a.head.Movements {
		a.fault("movement %d is of redemption %s, which is not there", m.Number, m.RedemptionID)
	}
}

func (a *audit) followChange(m *engine.Movement, c *engine.BalanceChange) {
	b := a.computed[c.BalanceKey]
	if b == nil {
		b = &engine.Balance{BalanceKey: c.BalanceKey}
		a.computed[c.BalanceKey] = b
	}
	day := b.On(m.Day)
	if !b.Total.Equal(&c.Before) || !day.Equal(&c.DayBefore) {
		a.fault("movement %d: %s %s was %v before, by the movements %v", m.Number, c.Per, c.ID, c.Before, b.Total)
	}
	back := b.Total.Negative()
	delta, ok := c.After.Plus(&back)
	if !ok || !b.Add(m.Day, &delta, m.Number) {
		a.fault("movement %d: %s %s cannot be counted", m.Number, c.Per, c.ID)
		return
	}
	if day = b.On(m.Day); !day.Equal(&c.DayAfter) {
		a.fault("movement %d: %s %s has %v on %s, by the movements %v", m.Number, c.Per, c.ID, c.DayAfter, m.Day, day)
	}
	if stored, ok := a.stored[c.BalanceKey]; ok && stored.Entry == m.Number {
		if !sameBalance(&stored, b) {
			a.fault("the balance of %s %s is %v as of movement %d, by the movements %v", c.Per, c.ID, stored.Total, m.Number, b.Total)
		}
		delete(a.stored, c.BalanceKey)
	}
}

func sameBalance(a, b *engine.Balance) bool {
	return a.Total.Equal(&b.Total) && slices.EqualFunc(a.Days, b.Days, func(x, y engine.DayTaken) bool {
		return x.Date == y.Date && x.Taken.Equal(&y.Taken)
	})
}
