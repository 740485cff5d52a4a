package fit

import "math"

// of returns the loss of a group and sets its slopes by the scores.
func (l Loss) of(w *group) float64 {
	switch l {
	case Logistic:
		return w.logistic()
	case Pairwise:
		return w.pairwise()
	}
	return w.listwise()
}

// logistic is the negative log-likelihood of clicks whose chance is that of a look times that of a wish: θ σ(s). Labels above 1 count as 1.
//
// Source: the position-based model of Richardson, Dominowska, Ragno, "Predicting Clicks", WWW 2007, section 5; Chuklin, Markov, de Rijke, Click Models for
// Web Search, 2015, section 3.3.
func (w *group) logistic() float64 {
	sum := 0.0
	for i, s := range w.scores {
		y, theta, weight := min(w.labels[i], 1), w.chances[i], w.weights[i]
		wish := 1 / (1 + math.Exp(-s))
		// log σ(s) without a loss of digits, and 1 - θ σ(s) = (1-θ) + θ (1-σ(s)).
		logWish, none := -softplus(-s), (1-theta)+theta/(1+math.Exp(s))
		sum += weight * (-y*(logWish+math.Log(theta)) - (1-y)*math.Log(max(none, tiny)))
		missed := (1 - y) * theta * wish / max(none, tiny)
		w.slopes[i] = weight * (missed - y) * (1 - wish)
		w.byExam[i] = weight * (missed - y) * (1 - theta)
	}
	return sum
}

// tiny keeps logarithms finite.
const tiny = 1e-300

// softplus returns log(1 + exp(x)).
func softplus(x float64) float64 {
	if x > 0 {
		return x + math.Log1p(math.Exp(-x))
	}
	return math.Log1p(math.Exp(x))
}

// pairwise is the mean loss of each click against the rows that came to less.
func (w *group) pairwise() float64 {
	sum := 0.0
	for i, y := range w.labels {
		if y <= 0 {
			continue
		}
		less := 0
		for _, other := range w.labels {
			if other < y {
				less++
			}
		}
		if less == 0 {
			continue
		}
		gain := w.gain(i) / float64(less)
		for j, other := range w.labels {
			if other >= y {
				continue
			}
			d := w.scores[i] - w.scores[j]
			sum += gain * softplus(-d)
			slope := gain / (1 + math.Exp(d))
			w.slopes[i] -= slope
			w.slopes[j] += slope
		}
	}
	return sum
}

// listwise is the cross entropy of clicks and softmax.
func (w *group) listwise() float64 {
	most, gains := math.Inf(-1), 0.0
	for i, s := range w.scores {
		most = max(most, s)
		gains += w.gain(i)
	}
	if gains == 0 {
		return 0
	}
	total := 0.0
	for _, s := range w.scores {
		total += math.Exp(s - most)
	}
	log, sum := most+math.Log(total), 0.0
	for i, s := range w.scores {
		gain := w.gain(i)
		sum += gain * (log - s)
		w.slopes[i] = gains*math.Exp(s-log) - gain
	}
	return sum
}
