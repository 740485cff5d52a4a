package store

import (
	"fmt"
	"sync"

	"github.com/sihai-network/sihai/engine"
)

// gates keep the readers and writers of a merchant out while an import of that merchant folds. Only merchants that
// somebody is at have a gate in memory.
type gates struct {
	mu      sync.Mutex // guards the maps and the users of each gate
	byName  map[string]*gate
	blocked map[string]error // by merchant: why its import stopped half folded
}

type gate struct {
	sync.RWMutex
	users int
}

func (g *gates) open() {
	g.byName = make(map[string]*gate)
	g.blocked = make(map[string]error)
}

// enter waits until no import of the merchant folds. It returns engine.ErrUnavailable when one stopped half way, which
// happens when the engine can write no more. The empty merchant has no gate.
func (g *gates) enter(merchant string) (leave func(), err error) {
	if merchant == "" {
		return func() {}, nil
	}
	at := g.use(merchant)
	at.RLock()
	g.mu.Lock()
	err = g.blocked[merchant]
	g.mu.Unlock()
	if err != nil {
		at.RUnlock()
		g.drop(merchant, at)
		return nil, fmt.Errorf("%w: an import of merchant %s is half way: %w", engine.ErrUnavailable, merchant, err)
	}
	return func() {
		at.RUnlock()
		g.drop(merchant, at)
	}, nil
}

// shut waits for everybody at the merchant to leave and lets nobody in until open.
func (g *gates) shut(merchant string) (open func()) {
	at := g.use(merchant)
	at.Lock()
	return func() {
		at.Unlock()
		g.drop(merchant, at)
	}
}

// block makes enter fail until the import is ended, which err nil says.
func (g *gates) block(merchant string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		delete(g.blocked, merchant)
		return
	}
	g.blocked[merchant] = err
}

func (g *gates) use(merchant string) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	at, ok := g.byName[merchant]
	if !ok {
		at = new(gate)
		g.byName[merchant] = at
	}
	at.users++
	return at
}

func (g *gates) drop(merchant string, at *gate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at.users--; at.users == 0 {
		delete(g.byName, merchant)
	}
}
