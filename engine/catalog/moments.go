package catalog

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// moments are the changes that are scheduled, soonest first. Each is there once; one that was cancelled stays until its moment. Safe for concurrent use.
type moments struct {
	mu   sync.Mutex // guards refs
	refs []engine.StagedRef
}

func compareMoments(a, b engine.StagedRef) int {
	return cmp.Or(a.LiveAt.Compare(b.LiveAt), cmp.Compare(a.MerchantID, b.MerchantID), cmp.Compare(a.ID, b.ID))
}

// add notes a change, if it is scheduled.
func (m *moments) add(c *engine.StagedChange) {
	if c.State == engine.StagedScheduled {
		m.put(engine.StagedRef{LiveAt: c.LiveAt.Truncate(time.Millisecond), MerchantID: c.MerchantID, ID: c.ID})
	}
}

func (m *moments) put(ref engine.StagedRef) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, found := slices.BinarySearchFunc(m.refs, ref, compareMoments); !found {
		m.refs = slices.Insert(m.refs, i, ref)
	}
}

// due returns the soonest change whose moment has come, of merchants that are not held; false when there is none.
func (m *moments) due(now time.Time, held map[string]bool) (engine.StagedRef, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ref := range m.refs {
		if ref.LiveAt.After(now) {
			break
		}
		if !held[ref.MerchantID] {
			return ref, true
		}
	}
	return engine.StagedRef{}, false
}

// done forgets a change.
func (m *moments) done(ref engine.StagedRef) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, found := slices.BinarySearchFunc(m.refs, ref, compareMoments); found {
		m.refs = slices.Delete(m.refs, i, i+1)
	}
}
