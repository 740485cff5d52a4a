package engine

import (
	"context"
	"time"

	"github.com/sihai-network/sihai/scoring"
)

// Belief is what is believed of the weights of a version of a profile, from one epoch on.
type Belief struct {
	Profile     ProfileRef
	Epoch       uint64    // from 1, for each version of a profile
	From, Until time.Time // of the decisions of the batch that it was learnt from; the end is exclusive
	scoring.Belief
}

// BeliefLog keeps beliefs, so that a decision can name the one it was made by.
type BeliefLog interface {
	// KeepBelief keeps the belief of the next epoch, on disk when it returns nil. ErrStale for any other epoch.
	KeepBelief(ctx context.Context, b *Belief) error
	// Belief returns the belief of an epoch, of the newest for epoch 0; ErrNotFound where there is none.
	Belief(ctx context.Context, p ProfileRef, epoch uint64) (Belief, error)
}
