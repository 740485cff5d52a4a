package scoring

// PricingMethod is how the prices of budgets are found.
type PricingMethod string

// DualMirrorDescent moves the price of each budget against the subgradient of the dual: see scoring/pricing for the source.
const DualMirrorDescent PricingMethod = "dual_mirror_descent"

// Pricing says how a profile prices budgets: from the score of an offer is taken what it is expected to take of its campaign's budgets, at prices that rise while these are
// used faster than is due and fall otherwise. So a budget that will not last goes where it is worth most. The zero value prices nothing.
type Pricing struct {
	Method PricingMethod // empty: nothing is priced
	// Step is by how much prices move, in (0, 10]: a budget of which a share more was used than is due has its price grow by exp(Step × share × √rounds),
	// see pricing.Budget. 0: DefaultStep.
	Step float64
	// Scale is the score that a good offer is above the floor, in (0, 1000], from which prices begin to rise. 0: DefaultScale, that of weights that add up to 1.
	Scale float64
}

// The bounds and defaults of Pricing.
const (
	MaxStep      = 10.0
	DefaultStep  = 1.0
	DefaultScale = 1.0
	// MaxPrice bounds what is taken from one score: a score without it lies within MaxFloor, so that with it no floor lets one through.
	MaxPrice = 2*MaxFloor + 1
)

// IsOn reports whether anything is priced.
func (p *Pricing) IsOn() bool { return p.Method != "" }

// WithDefaults returns p with what it leaves out.
func (p Pricing) WithDefaults() Pricing {
	if p.Step == 0 {
		p.Step = DefaultStep
	}
	if p.Scale == 0 {
		p.Scale = DefaultScale
	}
	return p
}

func (p *Pricing) validate(f *Faults) {
	if *p == (Pricing{}) {
		return
	}
	if p.Method != DualMirrorDescent {
		f.add("pricing.method", "invalid", "%.64q is not %s", p.Method, DualMirrorDescent)
	}
	between(f, "pricing.step", p.Step, 0, MaxStep)
	between(f, "pricing.scale", p.Scale, 0, MaxFloor)
}

// RedemptionPrior returns the prior of the chance that a showing comes to a redemption, Beta(1, 49): 1 in 50 showings, which weighs as much as 50 showings. It is a
// judgement, as PopularityPrior is.
func RedemptionPrior() Beta { return Beta{Alpha: 1, Beta: 49} }
