package trees

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseLightGBM reads the text that LightGBM's Booster.save_model writes, with one output. Scores are those of Booster.predict: sums in double precision,
// then the objective's transform. A category that is not a number goes right, as from LightGBM 4 on.
//
// Source: LightGBM, src/io/tree.cpp and src/boosting/gbdt_model_text.cpp, which define the text.
func ParseLightGBM(data []byte) (*Model, error) {
	m, err := parseLightGBM(data)
	if err != nil {
		return nil, fmt.Errorf("lightgbm model: %w", err)
	}
	return m, nil
}

// section is a part of the text: a line for each member, name=value.
type section map[string]string

func parseLightGBM(data []byte) (*Model, error) {
	if len(data) > MaxSource {
		return nil, fmt.Errorf("%d bytes, at most %d", len(data), MaxSource)
	}
	sections, err := sectionsOf(data)
	if err != nil {
		return nil, err
	}
	m := &Model{format: LightGBM}
	if err := m.setHeader(sections[0]); err != nil {
		return nil, err
	}
	for i, s := range sections[1:] {
		t, err := s.sapling()
		if err == nil {
			err = m.plant(t)
		}
		if err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
	}
	return m, m.settle(data)
}

// sectionsOf returns the header and the trees.
func sectionsOf(data []byte) ([]section, error) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, MaxSource+1)
	if !lines.Scan() || strings.TrimSpace(lines.Text()) != "tree" {
		return nil, fmt.Errorf("the first line is not %q", "tree")
	}
	sections, current := []section{{}}, section{}
	sections[0] = current
	for number := 2; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "end of trees" {
			return sections, nil
		}
		if line == "" {
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		if name == "Tree" {
			if value != strconv.Itoa(len(sections)-1) {
				return nil, fmt.Errorf("line %d: tree %.64q stands where tree %d should", number, value, len(sections)-1)
			}
			if len(sections) > MaxTrees {
				return nil, fmt.Errorf("more than %d trees", MaxTrees)
			}
			current = section{}
			sections = append(sections, current)
		}
		if _, twice := current[name]; twice {
			return nil, fmt.Errorf("line %d: %.64q comes twice", number, name)
		}
		current[name] = value
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("there is no line %q: the file is cut off", "end of trees")
}

// setHeader checks what stands before the trees.
func (m *Model) setHeader(s section) error {
	switch v := s["version"]; v {
	case "v2", "v3", "v4":
	default:
		return fmt.Errorf("version: %.64q is not supported", v)
	}
	for _, name := range []string{"num_class", "num_tree_per_iteration"} {
		if s[name] != "1" {
			return fmt.Errorf("%s: %.64q outputs are not supported, only one is", name, s[name])
		}
	}
	most, err := strconv.Atoi(s["max_feature_idx"])
	if err != nil || most < 0 || most >= MaxFeatures {
		return fmt.Errorf("max_feature_idx: %.64q is not between 0 and %d", s["max_feature_idx"], MaxFeatures-1)
	}
	m.names = strings.Fields(s["feature_names"])
	if len(m.names) != most+1 {
		return fmt.Errorf("feature_names: %d names for %d features", len(m.names), most+1)
	}
	if err := checkNames("feature_names", m.names); err != nil {
		return err
	}
	_, m.average = s["average_output"]
	return m.setTextObjective(s["objective"])
}

// setTextObjective sets the transform of an objective: its name, and its settings behind.
func (m *Model) setTextObjective(text string) error {
	words := strings.Fields(text)
	if len(words) == 0 {
		m.objective = "none"
		return nil
	}
	m.objective = words[0]
	scale := 1.0
	for _, setting := range words[1:] {
		name, value, _ := strings.Cut(setting, ":")
		switch {
		case name == "sigmoid" && m.objective == "binary":
			x, err := strconv.ParseFloat(value, 64)
			if err != nil || !(x > 0) || math.IsInf(x, 0) {
				return fmt.Errorf("objective: sigmoid %.64q is not a number above 0", value)
			}
			scale = x
		case setting == "sqrt":
			return fmt.Errorf("objective: %.64q with sqrt is not supported", m.objective)
		}
	}
	switch m.objective {
	case "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg":
	case "binary", "cross_entropy":
		m.link = link{kind: sigmoid, scale: scale}
	case "poisson", "gamma", "tweedie":
		m.link = link{kind: exponent}
	default:
		return fmt.Errorf("objective: %.64q is not supported", m.objective)
	}
	return nil
}

// sapling makes of the lists of a tree its nodes: the splits, then the leaves. In the lists a child is a split's number, or -1 - the number of a leaf.
func (s section) sapling() (t sapling, err error) {
	r := reader{s: s}
	leaves := r.whole("num_leaves")
	if leaves < 1 || leaves > MaxNodes {
		return t, fmt.Errorf("num_leaves: %.64q is not between 1 and %d", s["num_leaves"], MaxNodes)
	}
	if linear := s["is_linear"]; linear != "" && linear != "0" {
		return t, fmt.Errorf("is_linear: trees with linear models in their leaves are not supported")
	}
	n := leaves - 1
	var (
		values     = r.numbers("leaf_value", leaves, true)
		counts     = r.numbers("leaf_count", leaves, false)
		features   = r.numbers("split_feature", n, true)
		thresholds = r.numbers("threshold", n, true)
		kinds      = r.numbers("decision_type", n, true)
		left       = r.numbers("left_child", n, true)
		right      = r.numbers("right_child", n, true)
		inner      = r.numbers("internal_count", n, false)
	)
	if r.err != nil {
		return t, r.err
	}
	sets, err := s.sets()
	if err != nil {
		return t, err
	}
	t.splits = make([]split, n+leaves)
	for i := range leaves {
		t.splits[n+i] = split{isLeaf: true, value: values[i], cover: at(counts, i)}
	}
	for i := range n {
		p := &t.splits[i]
		p.feature, p.cover = asIndex(features[i]), at(inner, i)
		p.left, p.right = childAt(left[i], n), childAt(right[i], n)
		if err := p.setKind(kinds[i], thresholds[i], sets); err != nil {
			return t, fmt.Errorf("node %d: %w", i, err)
		}
	}
	if n == 0 {
		t.root = 0
	}
	return t, nil
}

// The bits of a decision type.
const (
	kindCategorical = 1
	kindDefaultLeft = 2
	kindMissing     = 4 // times 0, 1, 2: none, zero, not a number
)

func (p *split) setKind(kind, threshold float64, sets [][]uint32) error {
	k := asIndex(kind)
	if k < 0 || k >= 3*kindMissing {
		return fmt.Errorf("decision_type %v is not supported", kind)
	}
	if k&kindCategorical != 0 {
		i := asIndex(threshold)
		if i < 0 || i >= len(sets) {
			return fmt.Errorf("categories %v are not among %d", threshold, len(sets))
		}
		p.set = sets[i]
		return nil
	}
	if math.IsNaN(threshold) {
		return fmt.Errorf("threshold: not a number")
	}
	p.threshold = math.Nextafter(threshold, math.Inf(1))
	if k&kindDefaultLeft != 0 {
		p.traits |= missingLeft
	}
	switch k / kindMissing {
	case 0:
		p.traits |= nanZero
	case 1:
		p.traits |= nanZero | zeroMissing
	}
	return nil
}

// sets returns the categories of the splits by them: cat_threshold holds words of 32 bits, cat_boundaries where those of each begin.
func (s section) sets() ([][]uint32, error) {
	r := reader{s: s}
	n := 0
	if s["num_cat"] != "" {
		n = r.whole("num_cat")
	}
	if r.err != nil || n == 0 {
		return nil, r.err
	}
	if n < 0 || n > MaxNodes {
		return nil, fmt.Errorf("num_cat: %d is not between 0 and %d", n, MaxNodes)
	}
	bounds := r.numbers("cat_boundaries", n+1, true)
	words := r.numbers("cat_threshold", -1, true)
	if r.err != nil {
		return nil, r.err
	}
	sets := make([][]uint32, n)
	for i := range sets {
		from, to := asIndex(bounds[i]), asIndex(bounds[i+1])
		if from < 0 || to < from || to > len(words) {
			return nil, fmt.Errorf("cat_boundaries: %v to %v are not among %d words", bounds[i], bounds[i+1], len(words))
		}
		sets[i] = make([]uint32, to-from)
		for j, w := range words[from:to] {
			if w < 0 || w > math.MaxUint32 || w != math.Trunc(w) {
				return nil, fmt.Errorf("cat_threshold: %v is not a word of 32 bits", w)
			}
			sets[i][j] = uint32(w)
		}
	}
	return sets, nil
}

// reader reads the lists of a section, up to the first fault.
type reader struct {
	s   section
	err error
}

func (r *reader) whole(name string) int {
	n, err := strconv.Atoi(r.s[name])
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %.64q is not a whole number", name, r.s[name])
	}
	return n
}

// numbers returns a list of so many numbers, of any length below 0; nil where it is not there and need not be.
func (r *reader) numbers(name string, n int, need bool) []float64 {
	text, ok := r.s[name]
	if r.err != nil || !ok && !need || n == 0 && strings.TrimSpace(text) == "" {
		return nil
	}
	fields := strings.Fields(text)
	if n >= 0 && len(fields) != n {
		if !need && len(fields) == 0 {
			return nil
		}
		r.err = fmt.Errorf("%s: %d entries, not %d", name, len(fields), n)
		return nil
	}
	list := make([]float64, len(fields))
	for i, f := range fields {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil {
			r.err = fmt.Errorf("%s: %.64q is not a number", name, f)
			return nil
		}
		list[i] = x
	}
	return list
}

// at returns an entry of a list that may not be there.
func at(list []float64, i int) float64 {
	if list == nil {
		return 0
	}
	return list[i]
}

// asIndex returns a whole number from 0 on, or -1.
func asIndex(x float64) int {
	if !(x >= 0 && x < 1<<31) || x != math.Trunc(x) {
		return -1
	}
	return int(x)
}

// childAt returns the place of a child among splits and leaves, or -1.
func childAt(x float64, splits int) int {
	if x >= 0 {
		if i := asIndex(x); i < splits {
			return i
		}
		return -1
	}
	if i := asIndex(-1 - x); i >= 0 {
		return splits + i
	}
	return -1
}
