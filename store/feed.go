package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// emit tells the change feed, in the transaction that makes the change.
func emit(tx kv.Tx, c engine.Change) error {
	payload, err := encode(&c, writeChange)
	if err != nil {
		return err
	}
	return tx.Emit(catalogLog, payload)
}

// Position implements engine.ChangeFeed.
func (db *DB) Position(ctx context.Context) (uint64, error) {
	seq, err := db.kv.Head(ctx, catalogLog)
	return seq, Translate(err)
}

// Changes implements engine.ChangeFeed. It lists at most 10,000.
func (db *DB) Changes(ctx context.Context, after uint64, limit int) ([]engine.Change, error) {
	entries, err := db.kv.Changes(ctx, catalogLog, after, min(limit, maxPage))
	if err != nil {
		return nil, Translate(err)
	}
	out := make([]engine.Change, len(entries))
	for i, e := range entries {
		if out[i], err = decode(e.Payload, readChange); err != nil {
			return nil, fmt.Errorf("read change %d: %w", e.Seq, err)
		}
		out[i].Seq = e.Seq
	}
	return out, nil
}

// WaitChange implements engine.ChangeFeed. It is woken by the commits of this process. engine.ErrUnavailable once the store is closed.
func (db *DB) WaitChange(ctx context.Context, after uint64) error {
	for {
		next, err := db.news.next()
		if err != nil {
			return err
		}
		seq, err := db.Position(ctx)
		if err != nil || seq > after {
			return err
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// news wakes those that wait for a commit.
type news struct {
	mu     sync.Mutex // guards the rest
	signal chan struct{}
	closed bool
}

func (n *news) open() { n.signal = make(chan struct{}) }

// next returns a channel that is closed at the next commit.
func (n *news) next() (<-chan struct{}, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, fmt.Errorf("%w: the store is closed", engine.ErrUnavailable)
	}
	return n.signal, nil
}

func (n *news) wake() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	close(n.signal)
	n.signal = make(chan struct{})
}

func (n *news) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.closed = true
		close(n.signal)
	}
}
