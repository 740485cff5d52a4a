package offpolicy

// InverseWeights are the weights of the pseudo-inverse estimator.
func InverseWeights(l *Lists) []float64 { return l.inverse() }

// FoldOf is the part of the cross-fitting that a user is in, of Folds.
func FoldOf(user int32) int { return foldOf(user) }

const Folds = folds
