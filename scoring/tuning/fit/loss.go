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

// pairwise is the mean loss of each click against the rows that came to less. Of two rows of which one was clicked it was the one of the score s rather than that of t with the chance
// σ(logit p − logit q), where p = θ σ(s) and q = η σ(t) are the chances of clicks (Bradley and Terry, Biometrika 39, 1952, with the position-based model). What was not clicked may so
// have been passed unseen, and a click counts once, wherever it was: counting it 1/θ times against rows without a click (Joachims et al., WSDM 2017) would take rows that nobody saw for
// rows that nobody wished for. Where all rows are looked at this is σ(s − t), as of RankNet.
func (w *group) pairwise() float64 {
	w.odds, w.oddsSlopes = grown(w.odds, len(w.scores)), grown(w.oddsSlopes, len(w.scores))
	for i, s := range w.scores {
		w.odds[i], w.oddsSlopes[i] = clickOdds(s, w.chances[i])
	}
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
		gain := w.weights[i] * y / float64(less)
		for j, other := range w.labels {
			if other >= y {
				continue
			}
			d := w.odds[i] - w.odds[j]
			sum += gain * softplus(-d)
			slope := gain / (1 + math.Exp(d))
			w.slopes[i] -= slope
			w.slopes[j] += slope
		}
	}
	for i := range w.slopes {
		w.slopes[i] *= w.oddsSlopes[i]
	}
	return sum
}

// clickOdds returns the log-odds of a click, logit θ σ(s) = log θ + log σ(s) − log(1 − θ σ(s)), and their slope by s, (1 − σ(s)) / (1 − θ σ(s)).
func clickOdds(s, theta float64) (odds, slope float64) {
	if theta == 1 {
		return s, 1
	}
	unwished := 1 / (1 + math.Exp(s))
	none := (1 - theta) + theta*unwished
	return math.Log(theta) - softplus(-s) - math.Log(none), unwished / none
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
