package evaluation

import (
	"math"

	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/metrics"
)

// pool is all candidates with a label, as the measures of scores see them.
type pool struct {
	clusters                []int32
	scores, labels, weights []float64
	chances                 bool // labels lie in [0, 1]
}

func (s *sheet) pool() *pool {
	p := &pool{chances: true}
	for g := range s.d.Groups() {
		from, to := s.d.Group(g)
		for i := from; i < to; i++ {
			label, weight := s.d.Label(i), s.d.Weight(i)
			if math.IsNaN(label) || weight == 0 {
				continue
			}
			p.clusters = append(p.clusters, int32(s.d.Cluster(g)))
			p.scores = append(p.scores, s.number(i))
			p.labels = append(p.labels, label)
			p.weights = append(p.weights, weight)
			p.chances = p.chances && label >= 0 && label <= 1
		}
	}
	return p
}

// pooled makes the measures of scores.
func (s *sheet) pooled(bins int) {
	p := s.pool()
	s.auc(p)
	if s.p.Link == NoLink || !p.chances || len(p.labels) == 0 {
		return
	}
	chances := make([]float64, len(p.scores))
	for i, score := range p.scores {
		chances[i] = s.p.Link.chance(score)
		s.add(LogLoss, int(p.clusters[i]), metrics.LogLoss(chances[i], p.labels[i]), p.weights[i])
		s.add(Brier, int(p.clusters[i]), metrics.Brier(chances[i], p.labels[i]), p.weights[i])
	}
	s.calibration(p, chances, bins)
}

// auc is linearised: the mean placement of what is liked, plus that of what is not, less the AUC.
func (s *sheet) auc(p *pool) {
	placements := metrics.Placements(p.scores, p.labels, p.weights)
	if placements == nil {
		return
	}
	value, _ := metrics.AUC(p.scores, p.labels, p.weights)
	r := interval.NewRatios(s.d.Clusters(), 2, -value)
	for i, x := range placements {
		term := 0
		if p.labels[i] > 0 {
			term = 1
		}
		r.Add(int(p.clusters[i]), term, p.weights[i]*x, p.weights[i])
	}
	s.ratios[AUC] = r
	s.lists[AUC] = len(placements)
}

// calibration is linearised too: each bin keeps the side of its error.
func (s *sheet) calibration(p *pool, chances []float64, bins int) {
	in := metrics.Bins(chances, bins)
	apart := make([]float64, bins)
	for i, bin := range in {
		apart[bin] += p.weights[i] * (chances[i] - p.labels[i])
	}
	for i, bin := range in {
		s.add(CalibrationError, int(p.clusters[i]), math.Copysign(1, apart[bin])*(chances[i]-p.labels[i]), p.weights[i])
	}
}
