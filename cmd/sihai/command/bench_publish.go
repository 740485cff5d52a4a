package command

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// publishing changes single campaigns at a rate, beside requests.
type publishing struct {
	now   engine.Clock // the real one
	world *world
	app   *app
	rate  float64 // campaigns a second

	revisions atomic.Int64
}

// published is what came of that.
type published struct {
	committed *hdrhistogram.Histogram // in nanoseconds, from when it was sent, or was due where all were busy, until it was on disk
	visible   *hdrhistogram.Histogram // in nanoseconds, from then until requests saw it
	refused   int64
	refusal   error // the first one
	seconds   float64
}

// publishers is how many changes may be under way at once.
const publishers = 64

func newPublished() *published {
	return &published{committed: newLatencies(), visible: newLatencies()}
}

// run publishes until ctx ends; what is under way is finished first.
func (p *publishing) run(ctx context.Context) *published {
	turns := newPace(p.now, p.rate, false)
	parts := make([]*published, publishers)
	var working sync.WaitGroup
	for i := range parts {
		parts[i] = newPublished()
		working.Go(func() { p.publisher(ctx, i, turns, parts[i]) })
	}
	working.Wait()
	total := newPublished()
	for _, part := range parts {
		total.committed.Merge(part.committed)
		total.visible.Merge(part.visible)
		total.refused += part.refused
		if total.refusal == nil {
			total.refusal = part.refusal
		}
	}
	total.seconds = p.now().Sub(turns.start).Seconds()
	return total
}

func (p *publishing) publisher(ctx context.Context, n int, turns *pace, out *published) {
	dice := p.world.dice(dicePublication, n)
	for {
		since, ok := turns.next(ctx)
		if !ok {
			return
		}
		c, err := p.world.revised(dice.IntN(p.world.campaigns), int(p.revisions.Add(1)))
		if err == nil {
			// without ctx: what has begun is finished
			_, err = p.app.catalog.PutCampaign(context.WithoutCancel(ctx), engine.Write{At: p.app.options.env.Now().UTC(), By: "bench"}, c)
		}
		if err != nil {
			out.refuse(err)
			continue
		}
		committed := p.now()
		record(out.committed, committed.Sub(since))
		if err := p.app.awaitNewest(context.WithoutCancel(ctx)); err != nil {
			out.refuse(err)
			continue
		}
		record(out.visible, p.now().Sub(committed))
	}
}

func (p *published) refuse(err error) {
	p.refused++
	if p.refusal == nil {
		p.refusal = err
	}
}

// awaitNewest returns when requests see everything that is in the store now.
func (a *app) awaitNewest(ctx context.Context) error {
	newest, err := a.store.Position(ctx)
	if err != nil {
		return err
	}
	return a.publisher.AwaitVersion(ctx, newest)
}

// revised invents a revision of a campaign, as an upload would bring it.
func (w *world) revised(campaign, revision int) (engine.Campaign, error) {
	c, err := w.campaign(campaign, revision)
	if err != nil {
		return engine.Campaign{}, err
	}
	data, err := json.Marshal(c)
	if err != nil {
		return engine.Campaign{}, err
	}
	out, faults := wire.DecodeCampaign(data)
	return out, faults.Err()
}
