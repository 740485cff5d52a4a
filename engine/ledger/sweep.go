package ledger

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// holds knows which accounts there are, and when the next hold of each may run out. It is safe for concurrent use.
type holds struct {
	mu   sync.Mutex // guards the map
	next map[engine.CampaignRef]nextHold
}

type nextHold struct {
	movements   uint64 // of the account when that was so
	first, last time.Time
}

// set takes in the head of an account; an older one than is known changes nothing.
func (h *holds) set(ref engine.CampaignRef, head engine.AccountHead) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if was, known := h.next[ref]; !known || head.Movements >= was.movements {
		h.next[ref] = nextHold{head.Movements, head.NextExpiry, head.LastExpiry}
	}
}

// knows reports whether a campaign has an account.
func (h *holds) knows(ref engine.CampaignRef) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, known := h.next[ref]
	return known
}

// due lists the accounts of which a hold may have run out, in order.
func (h *holds) due(at time.Time) []engine.CampaignRef {
	h.mu.Lock()
	defer h.mu.Unlock()
	var due []engine.CampaignRef
	for ref, n := range h.next {
		if overdue(n.first, n.last, at) {
			due = append(due, ref)
		}
	}
	slices.SortFunc(due, compareRefs)
	return due
}

// heads lists the accounts with the number of the newest movement of each, in order.
func (h *holds) heads() (refs []engine.CampaignRef, movements []uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	refs = slices.SortedFunc(maps.Keys(h.next), compareRefs)
	for _, ref := range refs {
		movements = append(movements, h.next[ref].movements)
	}
	return refs, movements
}

// Sweep ends the holds that have run out at a time, and returns how many accounts it looked at.
func (b *Book) Sweep(ctx context.Context, at time.Time) (int, error) {
	due := b.holds.due(at)
	for _, ref := range due {
		for more := true; more; {
			if err := b.update(ctx, ref, at, ledgerName, func(a *account) error { more = a.more; return nil }); err != nil {
				return 0, err
			}
		}
	}
	return len(due), nil
}

// sweepUntil sweeps now and then until ctx ends. What keeps it from that for a while is told once.
func (b *Book) sweepUntil(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := b.Sweep(ctx, b.now())
		if err != nil && ctx.Err() == nil && !failing {
			b.logger.Error("end holds", "error", err)
		}
		failing = err != nil
	}
}
