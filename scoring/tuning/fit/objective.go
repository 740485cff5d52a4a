package fit

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// objective is a loss over some groups, as a function of parameters: the bias, the dense weights for features that are scaled and centred, the weights of
// the terms and, where they are sought too, the log-odds of examination of the positions from the second on.
type objective struct {
	*design
	loss    Loss
	groups  []int
	exam    examination
	seek    bool // the positions' examination is sought too
	penalty float64
	total   float64 // what the sum is divided by
	parts   []part
	params  int
}

// part is a share of the groups, of which one goroutine makes a sum. Parts hang on the groups alone, so that the sum of all is the same on any number
// of processors.
type part struct {
	from, to int // of groups
	value    float64
	grad     []float64
	work     group
}

// maxParts is the number of parts that a sum is made in.
const maxParts = 64

func newObjective(x *design, loss Loss, groups []int, exam examination, seek bool) *objective {
	f := &objective{design: x, loss: loss, groups: groups, exam: exam, seek: seek}
	f.params = 1 + len(x.columns) + x.hots
	if seek {
		f.params += len(exam) - 1
	}
	rows := 0
	for _, g := range groups {
		from, to := x.data.Group(g)
		rows += to - from
	}
	for at, done := 0, 0; at < len(groups); {
		p := part{from: at, grad: make([]float64, f.params)}
		for due := rows * (len(f.parts) + 1) / maxParts; at < len(groups) && (done < due || at == p.from); at++ {
			from, to := x.data.Group(groups[at])
			done += to - from
		}
		p.to = at
		f.parts = append(f.parts, p)
	}
	f.total = f.weigh()
	return f
}

// weigh returns the weight of all examples: rows, or clicks.
func (f *objective) weigh() float64 {
	sum := 0.0
	var w group
	for _, g := range f.groups {
		f.read(&w, g)
		for i := range w.rows {
			switch {
			case f.loss == Logistic:
				sum += w.weights[i]
			case f.loss == Pairwise:
				sum += w.weights[i] * w.labels[i]
			default:
				sum += w.gain(i)
			}
		}
	}
	if sum == 0 {
		return 1
	}
	return sum
}

// group is what a loss needs of a group: its rows that were seen and of which it is known what came of them.
type group struct {
	rows    []int
	labels  []float64
	weights []float64
	chances []float64 // that the row's position was examined
	places  []int
	scores  []float64
	slopes  []float64 // of the loss by the score
	byExam  []float64 // of the loss by the log-odds of examination

	odds, oddsSlopes []float64 // of clicks, for the pairwise loss
}

// gain is how much a click counts in a list, and in measures: one for each traveller who would have clicked, had all looked. Source: Joachims, Swaminathan, Schnabel, "Unbiased
// Learning-to-Rank with Biased Feedback", WSDM 2017, section 4.
func (w *group) gain(i int) float64 { return w.weights[i] * w.labels[i] / w.chances[i] }

// read fills in a group's rows.
func (f *objective) read(w *group, g int) {
	w.rows, w.labels, w.weights, w.chances, w.places = w.rows[:0], w.labels[:0], w.weights[:0], w.chances[:0], w.places[:0]
	from, to := f.data.Group(g)
	for i := from; i < to; i++ {
		label := f.data.Label(i)
		if math.IsNaN(label) || f.data.Shown != nil && !f.data.Shown[i] {
			continue
		}
		place := f.exam.place(f.data, i)
		w.rows, w.labels, w.weights = append(w.rows, i), append(w.labels, max(label, 0)), append(w.weights, f.data.Weight(i))
		w.places, w.chances = append(w.places, place), append(w.chances, f.exam.chance(place))
	}
}

// model returns the weights that parameters stand for.
func (f *objective) model(params []float64) *model {
	m := &model{bias: params[0], w: make([]float64, len(f.columns)), hot: params[1+len(f.columns) : 1+len(f.columns)+f.hots]}
	for j := range m.w {
		m.w[j] = params[1+j] / f.scales[j]
		m.bias -= m.w[j] * f.means[j]
	}
	return m
}

// examAt returns the examination that parameters stand for.
func (f *objective) examAt(params []float64) examination {
	if !f.seek {
		return f.exam
	}
	out := examination{1}
	for _, a := range params[f.params-len(f.exam)+1:] {
		out = append(out, max(1/(1+math.Exp(-a)), leastChance))
	}
	return out
}

// evaluate returns the objective and, unless nil, sets its gradient: without L1, which is not smooth. It works on all processors.
func (f *objective) evaluate(params, grad []float64) float64 {
	m := f.model(params)
	exam := f.examAt(params)
	var next atomic.Int64
	var team sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(f.parts)) {
		team.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(f.parts); n = int(next.Add(1)) - 1 {
				f.sumPart(&f.parts[n], m, exam)
			}
		})
	}
	team.Wait()
	value := 0.0
	if grad != nil {
		clear(grad)
	}
	for i := range f.parts {
		value += f.parts[i].value
		for j := range grad {
			grad[j] += f.parts[i].grad[j]
		}
	}
	return f.finish(value, params, grad)
}

// finish divides the sums, turns the slopes by the weights into slopes by the parameters, and adds the penalty.
func (f *objective) finish(value float64, params, grad []float64) float64 {
	value /= f.total
	for j := range grad {
		grad[j] /= f.total
	}
	for j := range f.columns {
		if grad != nil {
			grad[1+j] = (grad[1+j] - f.means[j]*grad[0]) / f.scales[j]
		}
	}
	for j := 1; j < 1+len(f.columns)+f.hots; j++ {
		value += f.penalty / 2 * params[j] * params[j]
		if grad != nil {
			grad[j] += f.penalty * params[j]
		}
	}
	return value
}

// sumPart makes the sum of a part: its value, and the slopes by bias, weights as they are, and log-odds of examination.
func (f *objective) sumPart(p *part, m *model, exam examination) {
	clear(p.grad)
	p.value = 0
	w, width, dense, terms := &p.work, f.data.Width(), len(f.columns), len(f.terms)
	for _, g := range f.groups[p.from:p.to] {
		f.read(w, g)
		n := len(w.rows)
		w.scores, w.slopes, w.byExam = grown(w.scores, n), grown(w.slopes, n), grown(w.byExam, n)
		for i, row := range w.rows {
			w.scores[i] = f.score(m, row)
			if f.seek {
				w.chances[i] = exam.chance(w.places[i])
			}
		}
		p.value += f.loss.of(w)
		for i, row := range w.rows {
			slope := w.slopes[i]
			if slope == 0 && w.byExam[i] == 0 {
				continue
			}
			p.grad[0] += slope
			x := f.values[row*width : (row+1)*width]
			for j, c := range f.columns {
				p.grad[1+j] += slope * x[c]
			}
			for _, at := range f.hot[row*terms : (row+1)*terms] {
				p.grad[1+dense+int(at)] += slope
			}
			if place := w.places[i]; f.seek && place > 0 {
				p.grad[f.params-len(f.exam)+place] += w.byExam[i]
			}
		}
	}
}

func grown(s []float64, n int) []float64 {
	if cap(s) < n {
		s = make([]float64, n)
	}
	s = s[:n]
	clear(s)
	return s
}
