package trees

import (
	"encoding/json"
	"strconv"
)

// Cut is a tree that a program of ours has grown: a split where Left and Right are set, or else a leaf.
type Cut struct {
	Feature     int     // index of its name
	Below       float32 // left goes what is below
	Left, Right *Cut
	Value       float32 // of a leaf
	Cover       float64 // how much was seen there
}

// Write returns a sum of trees as XGBoost writes it, so that ParseXGBoost and XGBoost itself read it. The score is the sum.
func Write(names []string, roots []*Cut) ([]byte, error) {
	list := make([]written, len(roots))
	for i, r := range roots {
		w := &list[i]
		w.ID = i
		w.add(r, lastParent)
		w.Param.Nodes, w.Param.Features = strconv.Itoa(len(w.Left)), strconv.Itoa(len(names))
		w.Param.Deleted, w.Param.LeafVector = "0", "0"
		w.Categories, w.CategoryNodes, w.CategoryStarts, w.CategorySizes = []int{}, []int{}, []int{}, []int{}
	}
	types := make([]string, len(names))
	for i := range types {
		types[i] = "float"
	}
	return json.Marshal(map[string]any{
		"version": []int{1, 7, 4},
		"learner": map[string]any{
			"attributes": map[string]string{}, "feature_names": names, "feature_types": types,
			"gradient_booster": map[string]any{"name": "gbtree", "model": map[string]any{
				"gbtree_model_param": map[string]string{"num_trees": strconv.Itoa(len(roots)), "num_parallel_tree": "1", "size_leaf_vector": "0"},
				"tree_info":          make([]int, len(roots)), "trees": list,
			}},
			"learner_model_param": map[string]string{"base_score": "0", "num_class": "0", "num_feature": strconv.Itoa(len(names)), "num_target": "1"},
			"objective":           map[string]any{"name": "reg:squarederror", "reg_loss_param": map[string]string{"scale_pos_weight": "1"}},
		},
	})
}

// lastParent is XGBoost's number for no parent.
const lastParent = 1<<31 - 1

// xgbFloat is written with an exponent: XGBoost takes what has none for a whole number, and refuses it.
type xgbFloat float32

// MarshalJSON implements json.Marshaler.
func (x xgbFloat) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(x), 'E', -1, 32), nil
}

// written is a tree as XGBoost's JSON has it.
type written struct {
	ID              int        `json:"id"`
	Weights         []xgbFloat `json:"base_weights"`
	Categories      []int      `json:"categories"`
	CategoryNodes   []int      `json:"categories_nodes"`
	CategoryStarts  []int      `json:"categories_segments"`
	CategorySizes   []int      `json:"categories_sizes"`
	DefaultLeft     []int      `json:"default_left"`
	Left            []int      `json:"left_children"`
	Right           []int      `json:"right_children"`
	Parents         []int      `json:"parents"`
	LossChanges     []xgbFloat `json:"loss_changes"`
	SplitConditions []xgbFloat `json:"split_conditions"`
	SplitIndices    []int      `json:"split_indices"`
	SplitType       []int      `json:"split_type"`
	SumHessian      []xgbFloat `json:"sum_hessian"`
	Param           struct {
		Deleted    string `json:"num_deleted"`
		Features   string `json:"num_feature"`
		Nodes      string `json:"num_nodes"`
		LeafVector string `json:"size_leaf_vector"`
	} `json:"tree_param"`
}

// add appends a tree and returns the number of its root.
func (w *written) add(c *Cut, parent int) int {
	at := len(w.Left)
	w.Weights, w.LossChanges = append(w.Weights, xgbFloat(c.Value)), append(w.LossChanges, 0)
	w.DefaultLeft, w.SplitType, w.Parents = append(w.DefaultLeft, 0), append(w.SplitType, 0), append(w.Parents, parent)
	w.SumHessian, w.SplitConditions = append(w.SumHessian, xgbFloat(c.Cover)), append(w.SplitConditions, xgbFloat(c.Value))
	w.Left, w.Right, w.SplitIndices = append(w.Left, -1), append(w.Right, -1), append(w.SplitIndices, 0)
	if c.Left == nil || c.Right == nil {
		return at
	}
	w.SplitIndices[at], w.SplitConditions[at] = c.Feature, xgbFloat(c.Below)
	w.Left[at] = w.add(c.Left, at)
	w.Right[at] = w.add(c.Right, at)
	return at
}
