package catalog

import (
	"context"
	"fmt"
	"runtime"

	"github.com/sihai-network/sihai/engine"
)

// load takes everything that a store holds.
func (b *builder) load(ctx context.Context, store engine.Store) error {
	err := store.EachMerchant(ctx, func(m engine.Merchant) error {
		b.setMerchant(m)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read merchants: %w", err)
	}
	err = inOrder(ctx, store.EachVenue, func(v *engine.Venue) *engine.Site {
		return b.compileVenue(v)
	}, func(v *engine.Venue, site *engine.Site) error {
		b.putSite(v.MerchantID, v.ID, site, v.Chain)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read venues: %w", err)
	}
	read := 0
	err = inOrder(ctx, store.EachCampaign, func(c *engine.Campaign) compiled {
		return b.compile(c)
	}, func(c *engine.Campaign, out compiled) error {
		b.putCampaign(c.MerchantID, c.ID, out)
		if read++; read%roomEvery != 0 {
			return nil
		}
		return b.room.admit(uint64(len(b.dirty))*unlistedBytes, fmt.Sprintf("a catalog of at least %d campaigns", read))
	})
	if err != nil {
		return fmt.Errorf("read campaigns: %w", err)
	}
	for _, kind := range []engine.ChangeKind{engine.ChangeProfile, engine.ChangeRates, engine.ChangeKey, engine.ChangeExperiment} {
		if err := b.absorbOne(ctx, store, engine.Change{Kind: kind}); err != nil {
			return err
		}
	}
	return nil
}

// While a catalog is read, it is seen every so many campaigns whether it still fits: what each campaign read will need besides when it is listed.
const (
	roomEvery     = 2_048
	unlistedBytes = 1_024
)

// batch is some things on their way through inOrder.
type batch[T, R any] struct {
	things  []T
	results []R
	done    chan struct{}
}

const batchSize = 256

// inOrder reads things, works on them on all processors, and takes them with what came of it in the order in which they were read, one after
// another. It returns the first error of reading or taking.
func inOrder[T, R any](ctx context.Context, each func(context.Context, func(T) error) error, work func(*T) R, take func(*T, R) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := runtime.GOMAXPROCS(0)
	jobs, queue := make(chan *batch[T, R]), make(chan *batch[T, R], 2*workers)
	for range workers {
		go func() {
			for b := range jobs {
				b.results = make([]R, len(b.things))
				for i := range b.things {
					b.results[i] = work(&b.things[i])
				}
				close(b.done)
			}
		}()
	}
	var reading error // set before queue is closed
	go func() {
		defer close(queue)
		defer close(jobs)
		reading = inBatches(ctx, each, func(b *batch[T, R]) error {
			select {
			case queue <- b:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			jobs <- b
			return nil
		})
	}()
	var taking error
	for b := range queue {
		<-b.done
		for i := range b.things {
			if taking == nil {
				taking = take(&b.things[i], b.results[i])
			}
		}
		if taking != nil {
			cancel(taking)
		}
	}
	if taking != nil {
		return taking
	}
	return reading
}

// inBatches gives what each reads on, some at a time.
func inBatches[T, R any](ctx context.Context, each func(context.Context, func(T) error) error, send func(*batch[T, R]) error) error {
	var b *batch[T, R]
	err := each(ctx, func(thing T) error {
		if b == nil {
			b = &batch[T, R]{things: make([]T, 0, batchSize), done: make(chan struct{})}
		}
		b.things = append(b.things, thing)
		if len(b.things) < batchSize {
			return nil
		}
		full := b
		b = nil
		return send(full)
	})
	if err == nil && b != nil {
		err = send(b)
	}
	return err
}
