package privacy

import (
	"context"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// Log is where decisions are kept, with their idempotency keys.
type Log interface {
	engine.DecisionLog
	// DecisionByOnce returns the decision that first answered once.
	DecisionByOnce(ctx context.Context, once *engine.Once) (*engine.Decision, error)
	// AppendDecisionOnce keeps a decision, or returns the one that first answered once.
	AppendDecisionOnce(ctx context.Context, once *engine.Once, d *engine.Decision) (*engine.Decision, error)
	// AppendTallied and AppendTalliedOnce keep with the decisions what became of their candidates.
	AppendTallied(ctx context.Context, ds []*engine.Decision, tallies []engine.Tally) error
	AppendTalliedOnce(ctx context.Context, once *engine.Once, d *engine.Decision, tallies []engine.Tally) (*engine.Decision, error)
}

// CoarseLog is a Log that keeps no exact position, see Coarsen. The decisions that it is given stay as they are.
type CoarseLog struct{ Log }

// AppendDecisions implements engine.DecisionLog.
func (l CoarseLog) AppendDecisions(ctx context.Context, ds []*engine.Decision) error {
	return l.Log.AppendDecisions(ctx, coarseCopies(ds))
}

// AppendTallied implements Log.
func (l CoarseLog) AppendTallied(ctx context.Context, ds []*engine.Decision, tallies []engine.Tally) error {
	return l.Log.AppendTallied(ctx, coarseCopies(ds), tallies)
}

// AppendDecisionOnce implements Log. A first answer is exact, and the same one again is not: it comes from the log.
func (l CoarseLog) AppendDecisionOnce(ctx context.Context, once *engine.Once, d *engine.Decision) (*engine.Decision, error) {
	kept, err := l.Log.AppendDecisionOnce(ctx, once, coarseCopy(d))
	return firstAnswer(d, kept, err)
}

// AppendTalliedOnce implements Log, as AppendDecisionOnce.
func (l CoarseLog) AppendTalliedOnce(ctx context.Context, once *engine.Once, d *engine.Decision, tallies []engine.Tally) (*engine.Decision, error) {
	kept, err := l.Log.AppendTalliedOnce(ctx, once, coarseCopy(d), tallies)
	return firstAnswer(d, kept, err)
}

// firstAnswer returns the exact decision where it is the one that was kept.
func firstAnswer(d, kept *engine.Decision, err error) (*engine.Decision, error) {
	if err == nil && kept.ID == d.ID {
		return d, nil
	}
	return kept, err
}

func coarseCopies(ds []*engine.Decision) []*engine.Decision {
	coarse := make([]*engine.Decision, len(ds))
	for i, d := range ds {
		coarse[i] = coarseCopy(d)
	}
	return coarse
}

// coarseCopy copies what Coarsen changes, and nothing else.
func coarseCopy(d *engine.Decision) *engine.Decision {
	if d.Request == nil || d.Request.Location == nil {
		return d
	}
	out, request, location := *d, *d.Request, *d.Request.Location
	request.Location = &location
	out.Request = &request
	out.Placements = slices.Clone(d.Placements)
	for i := range out.Placements {
		p := &out.Placements[i]
		p.Offers = slices.Clone(p.Offers)
		for j := range p.Offers {
			p.Offers[j].Features = slices.Clone(p.Offers[j].Features)
		}
		p.Rejected = slices.Clone(p.Rejected)
		for j := range p.Rejected {
			p.Rejected[j].Reasons = slices.Clone(p.Rejected[j].Reasons)
		}
	}
	Coarsen(&out)
	return &out
}
