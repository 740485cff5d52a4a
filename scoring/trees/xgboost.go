package trees

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// xgbFile is what of XGBoost's JSON a score hangs on.
//
// Source: XGBoost documentation, "Introduction to Model IO", and its JSON schema doc/model.schema.
type xgbFile struct {
	Learner *xgbLearner `json:"learner"`
}

type xgbLearner struct {
	FeatureNames []string `json:"feature_names"`
	FeatureTypes []string `json:"feature_types"`
	Booster      struct {
		Name  string `json:"name"`
		Model struct {
			Param struct {
				LeafVector xgbText `json:"size_leaf_vector"`
			} `json:"gbtree_model_param"`
			Trees []xgbTree `json:"trees"`
		} `json:"model"`
	} `json:"gradient_booster"`
	Param struct {
		BaseScore xgbText `json:"base_score"`
		Classes   xgbText `json:"num_class"`
		Features  xgbText `json:"num_feature"`
		Targets   xgbText `json:"num_target"`
	} `json:"learner_model_param"`
	Objective struct {
		Name string `json:"name"`
	} `json:"objective"`
}

type xgbTree struct {
	Categories      []int64     `json:"categories"`
	CategoryNodes   []int       `json:"categories_nodes"`
	CategoryStarts  []int       `json:"categories_segments"`
	CategorySizes   []int       `json:"categories_sizes"`
	DefaultLeft     []xgbFlag   `json:"default_left"`
	Left            []int       `json:"left_children"`
	Right           []int       `json:"right_children"`
	SplitConditions []xgbNumber `json:"split_conditions"`
	SplitIndices    []int64     `json:"split_indices"`
	SplitType       []int       `json:"split_type"`
	SumHessian      []float32   `json:"sum_hessian"`
}

// xgbText is a number that is written as a text, or as a list of one such number.
type xgbText string

// UnmarshalJSON implements json.Unmarshaler.
func (t *xgbText) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("%.64s is not a number in quotation marks", data)
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	*t = xgbText(s)
	return nil
}

// count returns the number, or what it is when the file does not tell.
func (t xgbText) count(unless int) (int, error) {
	if t == "" {
		return unless, nil
	}
	return strconv.Atoi(string(t))
}

// xgbFlag is a truth value, which some releases write as a number.
type xgbFlag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *xgbFlag) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "true", "1":
		*f = true
	case "false", "0":
		*f = false
	default:
		return fmt.Errorf("%.64s is not true or false", data)
	}
	return nil
}

// xgbNumber is a number of single precision; null stands for what is none.
type xgbNumber float32

// UnmarshalJSON implements json.Unmarshaler.
func (x *xgbNumber) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*x = xgbNumber(math.NaN())
		return nil
	}
	f, err := strconv.ParseFloat(string(data), 32)
	if err != nil {
		return fmt.Errorf("%.64s is not a number of single precision", data)
	}
	*x = xgbNumber(f)
	return nil
}

// plainJSON writes null for the words NaN and Infinity, which XGBoost writes and JSON does not have: a split by categories has the first as its threshold.
func plainJSON(data []byte) []byte {
	if !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity")) {
		return data
	}
	out := make([]byte, 0, len(data))
	inText := false
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch {
		case inText && c == '\\' && i+1 < len(data):
			out = append(out, c)
			i++
			c = data[i]
		case c == '"':
			inText = !inText
		case inText:
		default:
			if n := wordLen(data[i:]); n > 0 {
				out = append(out, "null"...)
				i += n - 1
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// wordLen returns the length of a word for what is no number; 0: there is none.
func wordLen(data []byte) int {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(data, []byte(word)) {
			return len(word)
		}
	}
	return 0
}

// ParseXGBoost reads the JSON that XGBoost's Booster.save_model writes, with one output and the booster gbtree. All trees count, also those behind the
// best iteration of an early stop. Scores are those of Booster.predict: sums in single precision, then the objective's transform.
func ParseXGBoost(data []byte) (*Model, error) {
	m, err := parseXGBoost(data)
	if err != nil {
		return nil, fmt.Errorf("xgboost model: %w", err)
	}
	return m, nil
}

func parseXGBoost(data []byte) (*Model, error) {
	if len(data) > MaxSource {
		return nil, fmt.Errorf("%d bytes, at most %d", len(data), MaxSource)
	}
	var f xgbFile
	d := json.NewDecoder(bytes.NewReader(plainJSON(data)))
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("not the JSON of a model: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows the JSON of the model")
	}
	if f.Learner == nil {
		return nil, fmt.Errorf("learner: there is none")
	}
	m := &Model{format: XGBoost, single: true, names: f.Learner.FeatureNames, objective: f.Learner.Objective.Name}
	if err := f.Learner.check(); err != nil {
		return nil, err
	}
	if err := m.setObjective(&f.Learner.Param.BaseScore); err != nil {
		return nil, err
	}
	for i := range f.Learner.Booster.Model.Trees {
		t := &f.Learner.Booster.Model.Trees[i]
		s, err := t.sapling()
		if err == nil {
			err = m.plant(s)
		}
		if err != nil {
			return nil, fmt.Errorf("learner.gradient_booster.model.trees[%d]: %w", i, err)
		}
	}
	return m, m.settle(data)
}

// check refuses what is not a sum of trees with one output.
func (l *xgbLearner) check() error {
	if l.Booster.Name != "gbtree" {
		return fmt.Errorf("learner.gradient_booster.name: booster %.64q is not supported, only gbtree is", l.Booster.Name)
	}
	for _, one := range []struct {
		path  string
		count xgbText
		most  int
	}{
		{"learner.learner_model_param.num_class", l.Param.Classes, 1},
		{"learner.learner_model_param.num_target", l.Param.Targets, 1},
		{"learner.gradient_booster.model.gbtree_model_param.size_leaf_vector", l.Booster.Model.Param.LeafVector, 1},
	} {
		n, err := one.count.count(0)
		if err != nil {
			return fmt.Errorf("%s: %.64q is not a whole number", one.path, one.count)
		}
		if n < 0 || n > one.most {
			return fmt.Errorf("%s: %d outputs are not supported, only one is", one.path, n)
		}
	}
	features, err := l.Param.Features.count(len(l.FeatureNames))
	if err != nil || features < 0 || features > MaxFeatures {
		return fmt.Errorf("learner.learner_model_param.num_feature: %.64q is not between 0 and %d", l.Param.Features, MaxFeatures)
	}
	if n := len(l.FeatureNames); n > 0 && n != features {
		return fmt.Errorf("learner.feature_names: %d names for %d features", n, features)
	}
	return checkNames("learner.feature_names", l.FeatureNames)
}

// checkNames refuses names that do not tell features apart.
func checkNames(path string, names []string) error {
	if len(names) > MaxFeatures {
		return fmt.Errorf("%s: %d features, at most %d", path, len(names), MaxFeatures)
	}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			return fmt.Errorf("%s: %.64q names two features", path, name)
		}
		seen[name] = true
	}
	return nil
}

// setObjective sets the transform of an objective and the sum that the base score stands for.
func (m *Model) setObjective(base *xgbText) error {
	score, err := strconv.ParseFloat(string(*base), 32)
	if err != nil || math.IsInf(score, 0) || math.IsNaN(score) {
		return fmt.Errorf("learner.learner_model_param.base_score: %.64q is not a number", string(*base))
	}
	s := float32(score)
	switch m.objective {
	case "reg:squarederror", "reg:linear", "reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror", "reg:squaredlogerror",
		"rank:pairwise", "rank:ndcg", "rank:map", "binary:logitraw":
		m.base = float64(s)
		return nil
	case "binary:hinge":
		m.link, m.base = link{kind: hinge}, float64(s)
		return nil
	case "binary:logistic", "reg:logistic":
		if !(s > 0 && s < 1) {
			return fmt.Errorf("learner.learner_model_param.base_score: %v is not between 0 and 1", s)
		}
		m.base = float64(-float32(math.Log(float64(1/s - 1))))
		m.link = link{kind: sigmoid, scale: 1}
		return nil
	case "count:poisson", "reg:gamma", "reg:tweedie":
		if !(s > 0) {
			return fmt.Errorf("learner.learner_model_param.base_score: %v is not above 0", s)
		}
		m.link, m.base = link{kind: exponent}, float64(float32(math.Log(float64(s))))
		return nil
	}
	return fmt.Errorf("learner.objective.name: objective %.64q is not supported", m.objective)
}

// sapling makes of the arrays of a tree its nodes. Nodes that pruning has deleted stay among them, and nothing leads to them.
func (t *xgbTree) sapling() (s sapling, err error) {
	n := len(t.Left)
	for _, list := range []struct {
		name string
		len  int
		need bool
	}{
		{"right_children", len(t.Right), true}, {"split_conditions", len(t.SplitConditions), true}, {"split_indices", len(t.SplitIndices), true},
		{"default_left", len(t.DefaultLeft), true}, {"split_type", len(t.SplitType), false}, {"sum_hessian", len(t.SumHessian), false},
	} {
		if list.len != n && (list.need || list.len != 0) {
			return s, fmt.Errorf("%s: %d entries for %d nodes", list.name, list.len, n)
		}
	}
	sets, err := t.sets()
	if err != nil {
		return s, err
	}
	s.splits = make([]split, n)
	for i := range s.splits {
		if s.splits[i], err = t.split(i, sets); err != nil {
			return s, fmt.Errorf("node %d: %w", i, err)
		}
	}
	return s, nil
}

func (t *xgbTree) split(i int, sets map[int][]uint32) (p split, err error) {
	if len(t.SumHessian) > 0 {
		p.cover = float64(t.SumHessian[i])
	}
	if t.Left[i] == -1 {
		p.isLeaf, p.value = true, float64(t.SplitConditions[i])
		return p, nil
	}
	p.left, p.right = t.Left[i], t.Right[i]
	p.feature = int(min(max(t.SplitIndices[i], -1), MaxFeatures))
	isLeft := bool(t.DefaultLeft[i])
	switch kind := t.kindOf(i); kind {
	case 0:
		p.threshold = below(float32(t.SplitConditions[i]))
	case 1:
		// Here those in the set go right.
		p.set, p.left, p.right, isLeft = sets[i], p.right, p.left, !isLeft
		if p.set == nil {
			return p, fmt.Errorf("a split by categories without any")
		}
	default:
		return p, fmt.Errorf("split_type %d is not supported", kind)
	}
	if isLeft {
		p.traits = missingLeft
	}
	return p, nil
}

func (t *xgbTree) kindOf(i int) int {
	if len(t.SplitType) == 0 {
		return 0
	}
	return t.SplitType[i]
}

// sets returns the categories of the nodes that split by them.
func (t *xgbTree) sets() (map[int][]uint32, error) {
	n := len(t.CategoryNodes)
	if len(t.CategoryStarts) != n || len(t.CategorySizes) != n {
		return nil, fmt.Errorf("categories_nodes, categories_segments and categories_sizes differ in length")
	}
	sets, words := make(map[int][]uint32, n), 0
	for i, at := range t.CategoryNodes {
		from, size := t.CategoryStarts[i], t.CategorySizes[i]
		if from < 0 || size < 0 || from > len(t.Categories) || size > len(t.Categories)-from {
			return nil, fmt.Errorf("categories of node %d: %d from %d on are not among %d", at, size, from, len(t.Categories))
		}
		most := int64(-1)
		for _, c := range t.Categories[from : from+size] {
			if c < 0 || c >= maxWords*32 {
				return nil, fmt.Errorf("categories of node %d: %d is not between 0 and %d", at, c, maxWords*32-1)
			}
			most = max(most, c)
		}
		if words += int(most/32) + 1; words > maxWords {
			return nil, fmt.Errorf("the categories of all splits take more than %d words of 32", maxWords)
		}
		set := make([]uint32, most/32+1)
		for _, c := range t.Categories[from : from+size] {
			set[c/32] |= 1 << (c % 32)
		}
		sets[at] = set
	}
	return sets, nil
}
