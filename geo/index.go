package geo

// Index finds the fences that hold a point. It is immutable: Apply returns another one that shares what did not change, so that any
// number of readers use one while the next is made. The zero value and nil are empty.
type Index struct {
	guide     guide
	directory directory // of squares and cells
	fences    Table[*Fence]
	count     int      // of fences
	discs     ballTree // round the fences
}

// Item is a fence with the handle that lookups give back.
type Item struct {
	Handle uint32
	Fence  *Fence // not nil
	// Covering is the fence's own, as Cover gives it, where the caller kept it; nil: computed by Apply.
	Covering *Covering
}
