package evaluation

import (
	"math"

	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/metrics"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// The names of measures. Those of lists are means over the lists of which they are defined; those of scores are over all candidates with a label, by weight.
const (
	NDCG             = "ndcg"              // of the first k
	MAP              = "map"               // mean average precision
	MRR              = "mrr"               // mean reciprocal rank
	Recall           = "recall"            // at k
	HitRate          = "hit_rate"          // at k
	ListAUC          = "list_auc"          // of each list by itself
	AUC              = "auc"               // of all candidates together
	LogLoss          = "log_loss"          // in nats, the lower the better
	Brier            = "brier"             // the lower the better
	CalibrationError = "calibration_error" // the lower the better
	Variety          = "merchant_variety"  // of the first k: the share of pairs of different merchants
	Gini             = "exposure_gini"     // of merchants, or of items where no merchants are known: 0 is even
	Entropy          = "exposure_entropy"  // likewise: 1 is even
	Coverage         = "coverage"          // share of them that are in a list at all: a count, and no estimate
)

// names are the measures in the order of a report.
func names() []string {
	return []string{NDCG, MAP, MRR, Recall, HitRate, ListAUC, AUC, LogLoss, Brier, CalibrationError, Variety, Gini, Entropy, Coverage}
}

// sheet gathers what one policy's measures are made of.
type sheet struct {
	d      *tuning.Dataset
	p      *Policy
	k      int
	ndcg   func(labels []float64, k int) (float64, bool)
	order  order
	ratios map[string]*interval.Ratios
	lists  map[string]int // that a measure is defined for, or candidates
	counts map[string]float64

	exposed []exposure
	rows    []int32
	labels  []float64
	scores  []float64
	keys    []int32
}

// exposure is what one list gives to who is in it, by position.
type exposure struct {
	cluster int32
	owner   int32
	amount  float32
}

func newSheet(d *tuning.Dataset, p *Policy, ids []int32, o *Options) *sheet {
	s := &sheet{d: d, p: p, k: o.K, ndcg: metrics.NDCG, order: order{p.Scores, ids}, ratios: map[string]*interval.Ratios{}, lists: map[string]int{}, counts: map[string]float64{}}
	if o.Linear {
		s.ndcg = metrics.GainNDCG
	}
	return s
}

// add adds to a measure that is one ratio.
func (s *sheet) add(name string, cluster int, value, weight float64) {
	r := s.ratios[name]
	if r == nil {
		r = interval.NewRatios(s.d.Clusters(), 1, 0)
		s.ratios[name] = r
	}
	r.Add(cluster, 0, value*weight, weight)
	s.lists[name]++
}

// group takes in a list.
func (s *sheet) group(g int) {
	s.list(g)
	s.expose(g)
	cluster := s.d.Cluster(g)
	put := func(name string, value float64, ok bool) {
		if ok {
			s.add(name, cluster, value, 1)
		}
	}
	ndcg, ok := s.ndcg(s.labels, s.k)
	put(NDCG, ndcg, ok)
	ap, ok := metrics.AveragePrecision(s.labels)
	put(MAP, ap, ok)
	rr, ok := metrics.ReciprocalRank(s.labels)
	put(MRR, rr, ok)
	recall, ok := metrics.Recall(s.labels, s.k)
	put(Recall, recall, ok)
	hit, ok := metrics.Hit(s.labels, s.k)
	put(HitRate, hit, ok)
	auc, ok := metrics.AUC(s.scores, s.labels, nil)
	put(ListAUC, auc, ok)
}

// list puts a group in order: its rows, and the labels and scores of those that have a label.
func (s *sheet) list(g int) {
	from, to := s.d.Group(g)
	s.rows = s.rows[:0]
	for i := from; i < to; i++ {
		s.rows = append(s.rows, int32(i))
	}
	s.order.sort(s.rows)
	s.labels, s.scores = s.labels[:0], s.scores[:0]
	for _, i := range s.rows {
		if label := s.d.Label(int(i)); !math.IsNaN(label) {
			s.labels = append(s.labels, label)
			s.scores = append(s.scores, s.number(int(i)))
		}
	}
}

// number is the score of a row, the lowest there is for what is no number.
func (s *sheet) number(i int) float64 {
	if x := s.p.Scores[i]; x == x {
		return x
	}
	return math.Inf(-1)
}

// owners are whose exposure is measured, and how many there are.
func owners(d *tuning.Dataset) (of []int32, count int) {
	if d.Merchants != nil {
		return d.Merchants, len(d.MerchantNames)
	}
	return d.Items, len(d.ItemNames)
}

// expose takes in the first k of a list, each with 1/log₂(position + 1), what NDCG takes a position to be worth.
func (s *sheet) expose(g int) {
	of, _ := owners(s.d)
	if of == nil {
		return
	}
	s.keys = s.keys[:0]
	n := len(s.rows)
	if s.k > 0 {
		n = min(n, s.k)
	}
	for at, i := range s.rows[:n] {
		s.keys = append(s.keys, of[i])
		if of[i] >= 0 {
			s.exposed = append(s.exposed, exposure{int32(s.d.Cluster(g)), of[i], float32(1 / math.Log2(float64(at)+2))})
		}
	}
	if s.d.Merchants == nil {
		return
	}
	if variety, ok := metrics.Variety(s.keys); ok {
		s.add(Variety, s.d.Cluster(g), variety, 1)
	}
}

// concentration makes the measures of exposure, linearised: what a list adds to one is the slope at its owners, less the mean slope (the infinitesimal
// jackknife: Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, chapter 6).
func (s *sheet) concentration() {
	of, count := owners(s.d)
	if of == nil {
		return
	}
	seen := make([]bool, count)
	for _, owner := range of {
		if owner >= 0 {
			seen[owner] = true
		}
	}
	at := make([]int32, count) // among those seen
	var totals []float64
	for owner, there := range seen {
		if there {
			at[owner] = int32(len(totals))
			totals = append(totals, 0)
		}
	}
	for _, e := range s.exposed {
		totals[at[e.owner]] += float64(e.amount)
	}
	gini, ok := metrics.Gini(totals)
	s.linear(Gini, gini, ok, totals, metrics.GiniSlopes(totals), at)
	entropy, ok := metrics.Entropy(totals)
	s.linear(Entropy, entropy, ok, totals, metrics.EntropySlopes(totals), at)
	shown := 0
	for _, x := range totals {
		if x > 0 {
			shown++
		}
	}
	if len(totals) > 0 {
		s.counts[Coverage] = float64(shown) / float64(len(totals))
		s.lists[Coverage] = len(totals)
	}
}

func (s *sheet) linear(name string, value float64, ok bool, totals, slopes []float64, at []int32) {
	if !ok {
		return
	}
	var mean, sum float64
	for m, x := range totals {
		mean += x * slopes[m]
		sum += x
	}
	mean /= sum
	r := interval.NewRatios(s.d.Clusters(), 1, value)
	for _, e := range s.exposed {
		amount := float64(e.amount)
		r.Add(int(e.cluster), 0, amount*(slopes[at[e.owner]]-mean), amount)
	}
	s.ratios[name] = r
	s.lists[name] = len(totals)
}
