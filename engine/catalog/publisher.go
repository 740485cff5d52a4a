package catalog

import (
	"context"
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
	Memory Memory       // bounds what is read at the start; nil: nothing does
	Logger *slog.Logger // told of what had to be left out of the catalog; nil: slog.Default
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
}

var _ engine.Snapshots = (*Publisher)(nil)

// OpenPublisher builds a snapshot of what the store holds, publishes it and goes on to follow the changes until Close. ctx
// bounds the opening alone. engine.ErrNoRoom where it does not fit into memory. The store must stay open until Close has returned.
func OpenPublisher(ctx context.Context, o PublisherOptions) (*Publisher, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	p := &Publisher{
		options: o, published: make(chan struct{}), done: make(chan struct{}),
		feed: newFeed(o.Store, newBuilder(o.Packer, room{o.Memory}, o.Logger)),
	}
	if err := p.feed.start(ctx); err != nil {
		return nil, fmt.Errorf("open publisher: %w", err)
	}
	if err := p.refresh(ctx); err != nil {
		return nil, fmt.Errorf("open publisher: %w", err)
	}
	p.publish()
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

// publish builds a snapshot of everything the feed has told so far and makes it the current one.
func (p *Publisher) publish() {
	p.current.Store(p.feed.builder.build(p.feed.position))
	p.feed.published()
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.published)
	p.published = make(chan struct{})
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
		err := p.wait(ctx)
		if err == nil {
			err = p.feed.catchUp(ctx)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			p.options.Logger.Error("catalog cannot follow the store", "position", p.feed.position, "error", err)
			sleep(ctx, retryAfter)
			continue
		case !p.feed.whole():
			continue
		}
		due := !p.refreshAt.IsZero() && !time.Now().Before(p.refreshAt)
		if due {
			if err := p.refresh(ctx); err != nil && ctx.Err() == nil {
				p.options.Logger.Error("catalog keeps the popularity that it had", "error", err)
			}
		}
		if due || p.feed.changed {
			p.publish()
		}
	}
}

// wait returns nil when there is a change, or when the popularity is due to be read anew.
func (p *Publisher) wait(ctx context.Context) error {
	waiting := ctx
	if !p.refreshAt.IsZero() {
		limited, cancel := context.WithDeadline(ctx, p.refreshAt)
		defer cancel()
		waiting = limited
	}
	err := p.feed.store.WaitChange(waiting, p.feed.position)
	if waiting.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
