package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// PublisherOptions are what a Publisher works with.
type PublisherOptions struct {
	Store  engine.Store  // required
	Packer engine.Packer // required; what the catalog keeps in memory of campaigns and venues is what it packs
	// Popularity returns what became of each campaign's showings so far, in a map that is the publisher's from then on; nil: no
	// campaign has been shown. It is called at the start and every RefreshEvery, from one goroutine.
	Popularity   func() map[engine.CampaignRef]engine.Counts
	RefreshEvery time.Duration // 0: popularity stays as it was at the start
	// Epochs keeps what Popularity returned before a snapshot is published with it; nil: nobody does. A popularity that cannot be kept is not published.
	Epochs engine.PopularityLog
	// Prices sets the prices of budgets while the active profile asks for it, at the start and every RefreshEvery; nil: nobody does. Those that cannot be set stay as they were.
	Prices engine.Pricer
	// Beliefs are what is believed of the weights of a profile that learns; nil: nothing is. They are read at the start, every RefreshEvery and when another profile becomes active.
	Beliefs engine.BeliefLog
	Memory  Memory       // bounds what is read at the start; nil: nothing does
	Logger  *slog.Logger // told of what had to be left out of the catalog; nil: slog.Default
}

// Publisher follows a store's change feed and publishes snapshots. Safe for concurrent use; Snapshot takes no lock.
type Publisher struct {
	options PublisherOptions
	current atomic.Pointer[engine.Snapshot]

	mu        sync.Mutex    // guards published and closed
	published chan struct{} // closed at the next publication, or at the end
	closed    bool

	stop context.CancelFunc
	done chan struct{} // closed when follow has returned

	// Of follow alone, once it runs.
	feed      feed
	refreshAt time.Time // zero: never
	refreshes chan chan error
	prices    prices
	belief    engine.Belief // of the profile that was published last
}

// prices are those of budgets that were set last.
type prices struct {
	of    map[engine.CampaignRef]*engine.Prices
	epoch uint64 // 0: none was
}

var _ engine.Snapshots = (*Publisher)(nil)

// OpenPublisher builds a snapshot of what the store holds, publishes it and goes on to follow the changes until Close. ctx
// bounds the opening alone. engine.ErrNoRoom where it does not fit into memory. The store must stay open until Close has returned.
func OpenPublisher(ctx context.Context, o PublisherOptions) (*Publisher, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	p := &Publisher{
		options: o, published: make(chan struct{}), done: make(chan struct{}), refreshes: make(chan chan error),
		feed: newFeed(o.Store, newBuilder(o.Packer, room{o.Memory}, o.Logger)),
	}
	if err := p.feed.start(ctx); err != nil {
		return nil, fmt.Errorf("open publisher: %w", err)
	}
	if err := p.refresh(ctx); err != nil {
		return nil, fmt.Errorf("open publisher: %w", err)
	}
	if err := p.publish(ctx, true); err != nil {
		return nil, fmt.Errorf("open publisher: %w", err)
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	go p.follow(following)
	return p, nil
}

// Snapshot returns the current snapshot; it is never nil.
func (p *Publisher) Snapshot() *engine.Snapshot { return p.current.Load() }

// AwaitVersion returns nil once a snapshot of at least this version is published, the context's error when that takes too
// long, and engine.ErrUnavailable after Close.
func (p *Publisher) AwaitVersion(ctx context.Context, version uint64) error {
	for {
		p.mu.Lock()
		published, closed := p.published, p.closed
		p.mu.Unlock()
		switch {
		case p.current.Load().Version >= version:
			return nil
		case closed:
			return fmt.Errorf("await version %d: %w", version, engine.ErrUnavailable)
		}
		select {
		case <-published:
		case <-ctx.Done():
			return fmt.Errorf("await version %d: %w", version, ctx.Err())
		}
	}
}

// Close stops following and waits for that. The last snapshot stays.
func (p *Publisher) Close() error {
	p.stop()
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.closed = true
		close(p.published)
	}
	return nil
}

// publish builds a snapshot of everything the feed has told so far and makes it the current one; with the prices and beliefs of before where an
// error says that they could not be had anew.
func (p *Publisher) publish(ctx context.Context, due bool) error {
	s := p.feed.builder.build(p.feed.position)
	err := errors.Join(p.believe(ctx, s, due), p.price(ctx, s, due))
	p.current.Store(s)
	p.feed.published()
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.published)
	p.published = make(chan struct{})
	return err
}

// price gives a snapshot the prices of budgets where its profile asks for them.
func (p *Publisher) price(ctx context.Context, s *engine.Snapshot, due bool) error {
	if p.options.Prices == nil || !s.Profile.Pricing.IsOn() {
		return nil
	}
	var err error
	if due || p.prices.epoch == 0 {
		var fresh prices
		if fresh.of, fresh.epoch, err = p.options.Prices.Price(ctx, s); err == nil {
			p.prices = fresh
		}
	}
	s.Prices, s.PriceEpoch = p.prices.of, p.prices.epoch
	return err
}

// believe gives a snapshot's profile the weights that are believed of it, where it learns.
func (p *Publisher) believe(ctx context.Context, s *engine.Snapshot, due bool) error {
	if p.options.Beliefs == nil || !s.Profile.Explore.Learn.IsOn() {
		return nil
	}
	var err error
	if ref := (engine.ProfileRef{Name: s.Profile.Name, Version: s.Profile.Version}); due || p.belief.Profile != ref {
		var b engine.Belief
		switch b, err = p.options.Beliefs.Belief(ctx, ref, 0); {
		case err == nil:
			p.belief = b
		case errors.Is(err, engine.ErrNotFound):
			p.belief, err = engine.Belief{Profile: ref}, nil
		case p.belief.Profile != ref:
			p.belief = engine.Belief{} // asked for again at the next publication
		}
	}
	if p.belief.Epoch > 0 {
		s.Profile, s.BeliefEpoch = s.Profile.Believing(&p.belief.Belief), p.belief.Epoch
	}
	return err
}

// Refresh takes in popularity, prices and beliefs, as is done every RefreshEvery, and returns when they are published; engine.ErrUnavailable after Close.
func (p *Publisher) Refresh(ctx context.Context) error {
	told := make(chan error, 1)
	select {
	case p.refreshes <- told:
	case <-p.done:
		return fmt.Errorf("refresh: %w", engine.ErrUnavailable)
	case <-ctx.Done():
		return fmt.Errorf("refresh: %w", ctx.Err())
	}
	select {
	case err := <-told:
		return err
	case <-p.done:
		return fmt.Errorf("refresh: %w", engine.ErrUnavailable)
	}
}

// refresh reads the popularity anew and sets the time to do so again.
func (p *Publisher) refresh(ctx context.Context) error {
	if p.options.Popularity == nil {
		return nil
	}
	if p.options.RefreshEvery > 0 {
		p.refreshAt = time.Now().Add(p.options.RefreshEvery)
	}
	s := &p.feed.builder.snapshot
	if p.options.Epochs == nil {
		s.Popularity = p.options.Popularity()
		return nil
	}
	kept := s.Popularity
	if kept == nil {
		var err error
		if kept, s.Epoch, err = p.options.Epochs.Popularity(ctx); err != nil {
			return err
		}
		s.Popularity = kept
	}
	fresh := p.options.Popularity()
	changed := make(map[engine.CampaignRef]engine.Counts)
	for ref, counts := range fresh {
		if kept[ref] != counts {
			changed[ref] = counts
		}
	}
	for ref := range kept {
		if _, known := fresh[ref]; !known {
			changed[ref] = engine.Counts{}
		}
	}
	if len(changed) == 0 {
		return nil
	}
	epoch, err := p.options.Epochs.KeepPopularity(ctx, changed)
	if err != nil {
		return err
	}
	s.Popularity, s.Epoch = fresh, epoch
	return nil
}

// retryAfter is how long follow leaves a store alone that could not be read.
const retryAfter = time.Second

// follow publishes until ctx ends.
func (p *Publisher) follow(ctx context.Context) {
	defer close(p.done)
	for ctx.Err() == nil {
		asked, err := p.wait(ctx)
		if err == nil {
			err = p.feed.catchUp(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			p.options.Logger.Error("catalog cannot follow the store", "position", p.feed.position, "error", err)
			sleep(ctx, retryAfter)
		case p.feed.whole():
			err = p.advance(ctx, asked != nil)
		}
		if asked != nil {
			asked <- err
		}
	}
}

// advance publishes what the feed has told, and takes in popularity and prices where that is due or asked for.
func (p *Publisher) advance(ctx context.Context, asked bool) error {
	due := asked || !p.refreshAt.IsZero() && !time.Now().Before(p.refreshAt)
	if !due && !p.feed.changed {
		return nil
	}
	var popular error
	if due {
		if popular = p.refresh(ctx); popular != nil && ctx.Err() == nil {
			p.options.Logger.Error("catalog keeps the popularity that it had", "error", popular)
		}
	}
	priced := p.publish(ctx, due)
	if priced != nil && ctx.Err() == nil {
		p.options.Logger.Error("catalog keeps the prices or beliefs that it had", "error", priced)
	}
	return errors.Join(popular, priced)
}

// wait returns when there is a change, when popularity and prices are due to be taken in anew, or with whom to tell when somebody asks for that.
func (p *Publisher) wait(ctx context.Context) (asked chan error, err error) {
	waiting, cancel := context.WithCancel(ctx)
	if !p.refreshAt.IsZero() {
		waiting, cancel = context.WithDeadline(ctx, p.refreshAt)
	}
	defer cancel()
	changed := make(chan error, 1)
	go func() { changed <- p.feed.store.WaitChange(waiting, p.feed.position) }()
	select {
	case err = <-changed:
	case asked = <-p.refreshes:
		cancel()
		<-changed
	}
	if waiting.Err() != nil && ctx.Err() == nil {
		return asked, nil
	}
	return asked, err
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
