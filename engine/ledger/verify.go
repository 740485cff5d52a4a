package ledger

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// auditEntries bounds what a verification holds in memory at once: balances, redemptions and codes. An account that has more is read more than once, each
// time for a part of them.
const auditEntries = 1 << 15

// VerifyAccounts implements engine.Redeemer. Movements that are made while it reads do not disturb it: each stored balance says as of which
// movement it is, and is compared with what had been computed by then. Memory: some megabytes, whatever there is to be verified. Cost: linear in the movements, times
// one for each auditEntries of an account.
func (b *Book) VerifyAccounts(ctx context.Context, merchant string) (engine.Audit, error) {
	var total engine.Audit
	seed := maphash.MakeSeed()
	err := b.eachAccount(ctx, merchant, func(ref engine.CampaignRef) error {
		total.Accounts++
		parts, err := b.auditParts(ctx, ref)
		for part := uint64(0); err == nil && part < parts; part++ {
			a := audit{ref: ref, out: &total, seed: seed, part: part, parts: parts, computed: map[engine.BalanceKey]*engine.Balance{},
				stored: map[engine.BalanceKey]engine.Balance{}, redemptions: map[string]*heldState{}, codes: map[string]int64{}, used: map[string]int64{}}
			err = a.run(ctx, b.accounts)
		}
		return err
	})
	slices.Sort(total.Faults)
	return total, err
}

// auditParts returns into how many parts the entries of an account are divided.
func (b *Book) auditParts(ctx context.Context, ref engine.CampaignRef) (uint64, error) {
	var head engine.AccountHead
	err := b.accounts.ViewAccount(ctx, ref, func(r engine.AccountReader) (err error) {
		head, err = r.Head()
		return err
	})
	// A movement brings at most a redemption, a venue and a user.
	if err != nil || 3*head.Movements+uint64(head.Codes) <= b.auditEntries {
		return 1, err
	}
	n := uint64(head.Codes)
	err = b.accounts.EachBalance(ctx, ref, func(engine.Balance) error { n++; return nil })
	if err == nil {
		err = b.accounts.EachRedemption(ctx, ref, func(engine.Redemption) error { n++; return nil })
	}
	return n/b.auditEntries + 1, err
}

// audit is the verification of a part of one account: of the entries whose names are of the part.
type audit struct {
	ref         engine.CampaignRef
	out         *engine.Audit
	seed        maphash.Seed
	part, parts uint64
	head        engine.AccountHead
	number      uint64
	added       int64 // codes
	computed    map[engine.BalanceKey]*engine.Balance
	stored      map[engine.BalanceKey]engine.Balance // not yet met in the movements
	redemptions map[string]*heldState
	codes       map[string]int64 // uses by the movements
	used        map[string]int64 // uses as stored
}

// ours reports whether an entry is of the part. What no name has is looked at with the first.
func (a *audit) ours(name string) bool {
	return a.parts == 1 || maphash.String(a.seed, name)%a.parts == a.part
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
	err := eachMovement(ctx, accounts, a.ref, 0, func(m *engine.Movement) error {
		a.follow(m)
		return nil
	})
	if err != nil {
		return err
	}
	if a.part == 0 {
		a.out.Movements += a.number
		if a.number < a.head.Movements {
			a.fault("there are %d movements of %d", a.number, a.head.Movements)
		}
	}
	for k := range a.stored {
		a.fault("the balance of %s %s says movement %d, which did not touch it", k.Per, k.ID, a.stored[k].Entry)
	}
	for code, used := range a.used {
		if used != a.codes[code] && a.number == a.head.Movements { // a code does not say as of which movement it is
			a.fault("a code is used %d times, by the movements %d", used, a.codes[code])
		}
	}
	for id, r := range a.redemptions {
		if !r.agrees {
			a.fault("redemption %s is %s with %d rolled back, and no movement says so", id, r.status, r.rolledBack)
		}
	}
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
	if err := a.readCodes(ctx, accounts); err != nil {
		return err
	}
	return accounts.EachRedemption(ctx, a.ref, func(r engine.Redemption) error {
		if !a.ours(r.ID) {
			return nil
		}
		a.redemptions[r.ID] = &heldState{status: r.Status, rolledBack: r.RolledBack}
		if r.Status == engine.Reserved && r.ExpiresAt.IsZero() {
			a.fault("redemption %s is held without an end", r.ID)
		}
		return nil
	})
}

func (a *audit) readCodes(ctx context.Context, accounts engine.Accounts) error {
	for p := (engine.Page{Limit: movementPage}); a.head.Codes > 0; {
		page, next, err := accounts.ListCodes(ctx, a.ref, p)
		if err != nil {
			return err
		}
		for _, c := range page {
			if a.ours(c.Code) {
				a.used[c.Code] = c.Used
			}
		}
		if p.After = next; next == "" {
			return nil
		}
	}
	return nil
}

func (a *audit) keep(b *engine.Balance) {
	if b.Entry == 0 && b.Total.IsZero() && len(b.Days) == 0 || !a.ours(b.ID) {
		return
	}
	a.out.Balances++
	a.stored[b.BalanceKey] = *b
}

// follow takes in the next movement.
func (a *audit) follow(m *engine.Movement) {
	if m.Number != a.number+1 && a.part == 0 {
		a.fault("movement %d follows on %d", m.Number, a.number)
	}
	a.number = m.Number
	a.added += m.Codes
	if m.Number == a.head.Movements && a.added != a.head.Codes && a.part == 0 {
		a.fault("%d codes were added, and the account says %d", a.added, a.head.Codes)
	}
	if m.Code != "" && a.ours(m.Code) {
		if a.codes[m.Code] != m.CodeBefore {
			a.fault("movement %d: a code was used %d times before, by the movements %d", m.Number, m.CodeBefore, a.codes[m.Code])
		}
		a.codes[m.Code] = m.CodeAfter
	}
	for i := range m.Changes {
		if a.ours(m.Changes[i].ID) {
			a.followChange(m, &m.Changes[i])
		}
	}
	if m.Kind == engine.MoveCodes || !a.ours(m.RedemptionID) {
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
