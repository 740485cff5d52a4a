package engine

import "math"

// Share is a share that was seen, and the bounds between which the true one lies with 95 % confidence, were what was counted independent.
type Share struct{ Value, Low, High float64 }

// Wilson returns the share of k in n and its score interval of 95 % confidence (Wilson, Probable Inference, the Law of Succession, and Statistical Inference,
// JASA 22, 1927); all zero for n = 0, where nothing is known. k is at most n.
func Wilson(k, n int64) Share {
	if n <= 0 {
		return Share{}
	}
	const z = 1.959963984540054 // of the normal distribution, 97.5 %
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Share{Value: p, Low: max(middle-half, 0), High: min(middle+half, 1)}
}
