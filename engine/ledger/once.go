package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sihai-network/sihai/engine"
)

// noting notes which campaign an idempotency key is used on, so that the same key on another one is seen. The note goes to the disk beside the movement and not
// before it, which costs no second wait for the disk; the answer comes after both. A note without its movement says nothing, and of a movement without its note
// nobody had an answer.
type noting struct {
	keys engine.OnceIndex
	once *engine.Once
	ref  engine.CampaignRef

	begun sync.Once
	done  chan error // nil: there is nothing to note
}

// noteKey looks whether an idempotency key was used on another campaign, which is engine.ErrOnceConflict. Of one key two orders must not be on their way at the same time:
// the API sees to that.
func (b *Book) noteKey(ctx context.Context, once *engine.Once, ref engine.CampaignRef) (*noting, error) {
	n := &noting{keys: b.keys, once: once, ref: ref}
	if once == nil || b.keys == nil {
		return n, nil
	}
	was, found, err := b.keys.OnceCampaign(ctx, once)
	if err != nil || found && was == ref {
		return n, err
	}
	if found {
		err := b.accounts.ViewAccount(ctx, was, func(r engine.AccountReader) error {
			receipt, err := r.Earlier(once, "")
			if err == nil && receipt != nil {
				err = engine.ErrOnceConflict
			}
			return err
		})
		if err != nil {
			return n, fmt.Errorf("it was used on campaign %s of merchant %s: %w", was.CampaignID, was.MerchantID, err)
		}
	}
	n.done = make(chan error, 1)
	return n, nil
}

// begin begins to write the note, once: a transaction may run more than once.
func (n *noting) begin(ctx context.Context) {
	if n.done == nil {
		return
	}
	n.begun.Do(func() {
		go func() { n.done <- n.keys.NoteOnce(context.WithoutCancel(ctx), n.once, n.ref) }()
	})
}

// wait returns when the note is on disk, if it was begun.
func (n *noting) wait() error {
	if n.done == nil {
		return nil
	}
	n.begun.Do(func() { n.done <- nil }) // it was not, and will not be
	if err := <-n.done; err != nil {
		return errors.Join(engine.ErrUnavailable, fmt.Errorf("note an idempotency key: %w", err))
	}
	return nil
}
