package fit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// trace is how a descent went.
type trace struct {
	Value      float64 // of the objective in the end
	Iterations int
	Converged  bool
}

// tolerance is the slope, by parameters of scale 1, at which a descent has arrived.
const tolerance = 1e-7

// descend makes a smooth objective small, with gonum's L-BFGS.
func descend(ctx context.Context, f *objective, start []float64, iterations int) ([]float64, trace, error) {
	last := struct {
		x, grad []float64
		value   float64
	}{grad: make([]float64, f.params)}
	at := func(x []float64) { // value and slope come from one pass, and are mostly asked for at one point
		if !slices.Equal(last.x, x) {
			last.value, last.x = f.evaluate(x, last.grad), append(last.x[:0], x...)
		}
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 { at(x); return last.value },
		Grad: func(grad, x []float64) { at(x); copy(grad, last.grad) },
	}
	settings := &optimize.Settings{
		GradientThreshold: tolerance, MajorIterations: iterations,
		Converger: &optimize.FunctionConverge{Relative: 1e-12, Absolute: 1e-14, Iterations: 5},
		Recorder:  interrupt{ctx},
	}
	result, err := optimize.Minimize(problem, start, settings, &optimize.LBFGS{})
	if ctx.Err() != nil {
		return nil, trace{}, ctx.Err()
	}
	// A line search that finds nothing lower has come as far as the digits go.
	if result == nil || math.IsNaN(result.F) || math.IsInf(result.F, 0) {
		return nil, trace{}, fmt.Errorf("descent: %w", errors.Join(err, errors.New("the objective is not finite")))
	}
	return result.X, trace{result.F, result.MajorIterations, result.Status != optimize.IterationLimit}, nil
}

// interrupt ends a minimisation with its context.
type interrupt struct{ ctx context.Context }

func (i interrupt) Init() error { return nil }

func (i interrupt) Record(*optimize.Location, optimize.Operation, *optimize.Stats) error {
	return i.ctx.Err()
}

// bounds are what the smooth part of an objective does not say of the parameters.
type bounds struct {
	l1    []float64 // by parameter
	signs []int     // by parameter: 1: at least 0; -1: at most 0
}

// near sets x to the point nearest to it that the penalty pulls to: the proximal map of step × L1 and the signs.
func (b *bounds) near(x []float64, step float64) {
	for j := range x {
		pull := step * b.l1[j]
		switch {
		case x[j] > pull && b.signs[j] >= 0:
			x[j] -= pull
		case x[j] < -pull && b.signs[j] <= 0:
			x[j] += pull
		case pull == 0 && b.signs[j] == 0:
		default:
			x[j] = 0
		}
	}
}

// sum returns the L1 penalty.
func (b *bounds) sum(x []float64) (sum float64) {
	for j := range x {
		sum += b.l1[j] * math.Abs(x[j])
	}
	return sum
}

// descendWithin makes an objective with an L1 penalty or signs small: by accelerated proximal gradients whose momentum is given up where they do not fall, with
// the step found by backtracking.
//
// Source: Beck, Teboulle, "A Fast Iterative Shrinkage-Thresholding Algorithm for Linear Inverse Problems", SIAM J. Imaging Sciences 2(1), 2009, section 4;
// O'Donoghue, Candès, "Adaptive Restart for Accelerated Gradient Schemes", Foundations of Computational Mathematics 15, 2015, section 3.2.
func descendWithin(ctx context.Context, f *objective, b *bounds, start []float64, iterations int) ([]float64, trace, error) {
	n := len(start)
	x, y, grad, next := append([]float64(nil), start...), append([]float64(nil), start...), make([]float64, n), make([]float64, n)
	b.near(x, 0)
	copy(y, x)
	step, momentum, best := 1.0, 1.0, f.evaluate(x, nil)+b.sum(x)
	still := 0
	for i := range 4 * iterations {
		if err := ctx.Err(); err != nil {
			return nil, trace{}, err
		}
		value := f.evaluate(y, grad)
		step *= 1.5
		smooth := f.stepTo(next, y, grad, value, &step, b)
		total := smooth + b.sum(next)
		if math.IsNaN(total) {
			return nil, trace{}, errors.New("descent: the objective is not finite")
		}
		if total > best && momentum > 1 {
			copy(y, x) // restart
			momentum = 1
			continue
		}
		moved := 0.0
		after := (1 + math.Sqrt(1+4*momentum*momentum)) / 2
		for j := range x {
			d := next[j] - x[j]
			moved = max(moved, math.Abs(d))
			y[j] = next[j] + (momentum-1)/after*d
		}
		if best-total <= 1e-12*(1+math.Abs(best)) {
			still++
		} else {
			still = 0
		}
		momentum, best = after, min(best, total)
		copy(x, next)
		if moved < 1e-9 || still >= 5 {
			return x, trace{best, i + 1, true}, nil
		}
	}
	return x, trace{best, 4 * iterations, false}, nil
}

// stepTo sets next to a step from y down a slope, with the largest step up to the one given for which the quadratic bound holds, and returns its smooth value.
func (f *objective) stepTo(next, y, grad []float64, value float64, step *float64, b *bounds) float64 {
	for {
		for j := range next {
			next[j] = y[j] - *step*grad[j]
		}
		b.near(next, *step)
		slope, square := 0.0, 0.0
		for j := range next {
			d := next[j] - y[j]
			slope += grad[j] * d
			square += d * d
		}
		smooth := f.evaluate(next, nil)
		if smooth <= value+slope+square/(2**step)+1e-12*math.Abs(value) || *step < 1e-12 {
			return smooth
		}
		*step /= 2
	}
}
