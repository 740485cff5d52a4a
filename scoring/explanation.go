package scoring

// Explanation is a tree in which a node's value is the sum of its children's, to 1e-9; a leaf stands for itself.
type Explanation struct {
	Value    float64
	Message  string
	Children []*Explanation
}
