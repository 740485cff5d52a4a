package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// BookOptions says what a Book works with. Parts are required where nothing else is said.
type BookOptions struct {
	Accounts  engine.Accounts
	Purchases engine.Purchases
	Snapshots engine.Snapshots
	Rules     engine.OfferRules
	Decisions DecisionReader
	Keys      engine.OnceIndex // nil: an idempotency key is known on its own campaign only
	Meter     *Meter           // is told what was taken, and so keeps exhausted offers from being shown
	IDs       engine.IDs       // its reader makes voucher codes too
	Now       engine.Clock     // nil: time.Now
	// SweepEvery is how often holds that have run out are looked for. 0: a second; negative: never, which leaves them to the next order.
	SweepEvery time.Duration
	Logger     *slog.Logger // nil: slog.Default()
	// Moved is told of each account that a commit has changed, after it; it must not wait. nil: nobody is.
	Moved func(engine.CampaignRef)
}

// DefaultTTL is how long a reservation holds that does not say.
const DefaultTTL = 15 * time.Minute

// shownFor is how long after a decision its offers are honoured whatever the pacing, which spreads showings.
const shownFor = 24 * time.Hour

// Book takes orders, see engine.Redeemer. It is safe for concurrent use: orders of one campaign are one transaction after the other, those of two
// campaigns wait for each other at most in the disk's queue.
type Book struct {
	accounts  engine.Accounts
	keys      engine.OnceIndex
	purchases engine.Purchases
	snapshots engine.Snapshots
	rules     engine.OfferRules
	decisions DecisionReader
	meter     *Meter
	ids       engine.IDs
	now       engine.Clock
	logger    *slog.Logger
	offers    offers
	moved     func(engine.CampaignRef)
	holds     holds
	// auditEntries is the constant of that name but in tests.
	auditEntries uint64
	joining      sync.Map // the IDs of orders that are on their way from a purchase's record to an account

	stop    context.CancelFunc
	sweeper sync.WaitGroup
}

var _ engine.Redeemer = (*Book)(nil)

// OpenBook reads the balances into the meter, and when offers were used of late, and begins to end holds that have run out. Close ends it. Cost: linear in the venues
// and users that took something, and in the movements of the last four weeks.
func OpenBook(ctx context.Context, o BookOptions) (*Book, error) {
	if o.Accounts == nil || o.Purchases == nil || o.Snapshots == nil || o.Rules == nil || o.Decisions == nil || o.Meter == nil || o.IDs.Random == nil {
		return nil, errors.New("open book: a part is missing")
	}
	b := &Book{
		accounts: o.Accounts, keys: o.Keys, purchases: o.Purchases, snapshots: o.Snapshots, rules: o.Rules, decisions: o.Decisions, meter: o.Meter,
		ids: o.IDs, now: o.Now, logger: o.Logger, moved: o.Moved, holds: holds{next: make(map[engine.CampaignRef]nextHold)}, auditEntries: auditEntries,
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.moved == nil {
		b.moved = func(engine.CampaignRef) {}
	}
	if b.logger == nil {
		b.logger = slog.Default()
	}
	if err := b.meter.load(ctx, o.Accounts, b.holds.set); err != nil {
		return nil, fmt.Errorf("open book: %w", err)
	}
	if err := b.relearn(ctx); err != nil {
		return nil, fmt.Errorf("open book: %w", err)
	}
	every := o.SweepEvery
	if every == 0 {
		every = time.Second
	}
	sweeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	if every > 0 {
		b.sweeper.Go(func() { b.sweepUntil(sweeping, every) })
	}
	return b, nil
}

// Close waits for the sweep under way.
func (b *Book) Close() error {
	b.stop()
	b.sweeper.Wait()
	return nil
}

// update runs fn in one transaction of an account, and tells the meter what it did. A refusal keeps nothing but the holds that were ended on the way;
// while more of them have run out than one transaction ends, the order is asked again, since they may be what it lacks.
func (b *Book) update(ctx context.Context, ref engine.CampaignRef, at time.Time, by string, fn func(*account) error) error {
	for {
		var a *account
		var refused *engine.Refusal
		err := b.accounts.UpdateAccount(ctx, ref, func(tx engine.AccountTx) (err error) {
			refused = nil
			if a, err = openAccount(tx, at, by); err != nil {
				return err
			}
			if err := fn(a); !errors.As(err, &refused) {
				return err
			}
			return nil
		})
		if err != nil {
			return err
		}
		b.meter.took(ref, a.touched())
		b.holds.set(ref, a.head)
		b.moved(ref)
		if refused == nil {
			return nil
		}
		if !a.more {
			return refused
		}
	}
}

// move does one step of a redemption at most once by its idempotency key.
func (b *Book) move(ctx context.Context, w engine.Write, ref engine.CampaignRef, kind engine.MovementKind, do func(*account) (engine.Redemption, error)) (engine.Redemption, error) {
	var r engine.Redemption
	note, err := b.noteKey(ctx, w.Once, ref)
	if err != nil {
		return r, err
	}
	err = b.update(ctx, ref, w.At, w.By, func(a *account) error {
		was, err := a.Earlier(w.Once, kind)
		if err != nil {
			return err
		}
		if was != nil {
			r, err = first(a, was)
			return err
		}
		if r, err = do(a); err != nil {
			return err
		}
		note.begin(ctx)
		return a.Remember(w.Once, kind, engine.MoveReceipt{ID: r.ID, Number: a.head.Movements})
	})
	if noted := note.wait(); err == nil {
		err = noted
	}
	if err != nil {
		return engine.Redemption{}, err
	}
	return r, nil
}

// first returns a redemption as the movement of a receipt left it.
func first(a engine.AccountReader, was *engine.MoveReceipt) (engine.Redemption, error) {
	r, err := a.Redemption(was.ID)
	if err != nil {
		return r, err
	}
	m, err := a.Movement(was.Number)
	return asOf(r, &m), err
}

// Reserve implements engine.Redeemer.
func (b *Book) Reserve(ctx context.Context, w engine.Write, o *engine.Order) (engine.Redemption, error) {
	ttl := o.TTL
	if ttl == 0 {
		ttl = DefaultTTL
	}
	ttl = min(ttl, engine.MaxTTL)
	r, err := b.take(ctx, w, o, engine.MoveReserve, ttl)
	if err != nil {
		return r, fmt.Errorf("reserve: %w", err)
	}
	return r, nil
}

// Redeem implements engine.Redeemer.
func (b *Book) Redeem(ctx context.Context, w engine.Write, o *engine.Order) (engine.Redemption, error) {
	r, err := b.take(ctx, w, o, engine.MoveRedeem, 0)
	if err != nil {
		return r, fmt.Errorf("redeem: %w", err)
	}
	return r, nil
}

func (b *Book) take(ctx context.Context, w engine.Write, o *engine.Order, kind engine.MovementKind, hold time.Duration) (engine.Redemption, error) {
	c, err := b.prepare(ctx, w.At, o)
	if err != nil {
		return engine.Redemption{}, err
	}
	uuid, err := b.ids.New(w.At)
	if err != nil {
		return engine.Redemption{}, fmt.Errorf("make an id: %w", err)
	}
	u := c.use(w.At)
	u.id, u.hold = engine.RedemptionID(uuid, c.ref), hold
	if o.PurchaseID != "" {
		return b.takeTogether(ctx, w, c, &u, kind)
	}
	r, err := b.move(ctx, w, c.ref, kind, func(a *account) (engine.Redemption, error) { return a.takeChecked(c, &u, w.At) })
	return b.taken(&u, w.At, r, err)
}

// taken learns from what was taken, if that was just now and not on an earlier request of the same idempotency key.
func (b *Book) taken(u *use, at time.Time, r engine.Redemption, err error) (engine.Redemption, error) {
	if err == nil && r.ID == u.id {
		b.meter.traffic.learn(u.now.zone, at, at)
	}
	return r, err
}

// takeChecked takes an order against which nothing else speaks, or refuses it with that and every reason of the account.
func (a *account) takeChecked(c *checked, u *use, at time.Time) (engine.Redemption, error) {
	u.rates = c.ratesOn(at) // it remembers what it was asked: one for each run
	if len(c.reasons) == 0 {
		return a.take(u)
	}
	p, err := a.plan(u)
	if err != nil {
		return engine.Redemption{}, err
	}
	return engine.Redemption{}, &engine.Refusal{Reasons: sorted(append(p.reasons, c.reasons...))}
}

// Confirm implements engine.Redeemer.
func (b *Book) Confirm(ctx context.Context, w engine.Write, id string) (engine.Redemption, error) {
	r, err := b.Redemption(ctx, w.At, id)
	if err == nil {
		err = b.firm(ctx, &r)
	}
	if err != nil {
		return engine.Redemption{}, fmt.Errorf("confirm: %w", err)
	}
	return b.step(ctx, w, id, engine.MoveConfirm, func(a *account) (engine.Redemption, error) { return a.settle(id, engine.MoveConfirm) })
}

// Release implements engine.Redeemer.
func (b *Book) Release(ctx context.Context, w engine.Write, id string) (engine.Redemption, error) {
	return b.step(ctx, w, id, engine.MoveRelease, func(a *account) (engine.Redemption, error) { return a.settle(id, engine.MoveRelease) })
}

// Rollback implements engine.Redeemer.
func (b *Book) Rollback(ctx context.Context, w engine.Write, id string, amount engine.Money) (engine.Redemption, error) {
	return b.step(ctx, w, id, engine.MoveRollback, func(a *account) (engine.Redemption, error) { return a.rollback(id, amount) })
}

func (b *Book) step(ctx context.Context, w engine.Write, id string, kind engine.MovementKind, do func(*account) (engine.Redemption, error)) (engine.Redemption, error) {
	ref, ok := engine.ParseRedemptionID(id)
	if !ok || !b.holds.knows(ref) {
		return engine.Redemption{}, fmt.Errorf("%s %.200s: %w", kind, id, engine.ErrNotFound)
	}
	r, err := b.move(ctx, w, ref, kind, do)
	if err != nil {
		return r, fmt.Errorf("%s %s: %w", kind, id, err)
	}
	return r, nil
}

// Redemption implements engine.Redeemer.
func (b *Book) Redemption(ctx context.Context, at time.Time, id string) (r engine.Redemption, err error) {
	ref, ok := engine.ParseRedemptionID(id)
	if !ok || !b.holds.knows(ref) {
		return r, fmt.Errorf("redemption %.200s: %w", id, engine.ErrNotFound)
	}
	err = b.accounts.ViewAccount(ctx, ref, func(a engine.AccountReader) error {
		r, err = a.Redemption(id)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("redemption %s: %w", id, err)
	}
	if r.Status == engine.Reserved && ranOut(r.ExpiresAt, at) {
		r.Status, r.Settled = engine.Expired, sooner(at, r.ExpiresAt)
	}
	return r, nil
}
