package geo

// Index finds the fences that hold a point. It is immutable: Apply returns another one that shares what did not change, so that any
// number of readers use one while the next is made. The zero value and nil are empty.
type Index struct {
	guide     guide
	directory directory // of squares and cells
	fences    Table[resident]
	count     int    // of fences
	discs     forest // round the fences
}

// Item is a fence with the handle that lookups give back.
type Item struct {
	Handle uint32
	Fence  *Fence // not nil
	// Covering is the fence's own, as Cover gives it, where the caller kept it; nil: computed by Apply.
	Covering *Covering
}

// resident is a fence in the index.
type resident struct {
	fence *Fence
	stamp uint64 // of its disc
}
