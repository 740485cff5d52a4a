package badgerkv

// recall remembers what the writer goroutine read lately and what was written there since, so that the pairs that many updates touch are not looked for in
// Badger's tables each time. It is the writer goroutine's own, and true for the next update: what is in it is newer than anything on disk.
//
// It has two generations. What is asked for moves to the younger one; when that is full the older one is forgotten.
type recall struct {
	young, old map[string][]byte // by whole key; nil: there is none
	size       int               // of the younger generation
	limit      int               // of it, in bytes
	key        []byte            // the memory of at
}

const (
	recallSize  = 16 << 20 // of a generation
	recallValue = 4 << 10  // the largest value that is remembered
	recallEntry = 64       // bytes of an entry besides its key and value, about
)

func newRecall(limit int) *recall {
	return &recall{young: make(map[string][]byte), old: make(map[string][]byte), limit: limit}
}

// at joins a key. It is valid until the next call.
func (r *recall) at(prefix, key []byte) []byte {
	r.key = append(append(r.key[:0], prefix...), key...)
	return r.key
}

// get returns what is remembered of a key.
func (r *recall) get(key []byte) (value []byte, known bool) {
	if value, known = r.young[string(key)]; known {
		return value, true
	}
	if value, known = r.old[string(key)]; known {
		r.add(key, value)
	}
	return value, known
}

// add remembers what was read.
func (r *recall) add(key, value []byte) {
	if len(value) > recallValue {
		return
	}
	if r.size += len(key) + len(value) + recallEntry; r.size > r.limit {
		r.old, r.young = r.young, make(map[string][]byte, len(r.young))
		r.size = len(key) + len(value) + recallEntry
	}
	r.young[string(key)] = value
}

// written takes in a write to a key, if that is remembered.
func (r *recall) written(key, value []byte) {
	was, young := r.young[string(key)]
	_, old := r.old[string(key)]
	switch {
	case !young && !old:
	case len(value) > recallValue:
		delete(r.young, string(key))
		delete(r.old, string(key))
	case young:
		r.size += len(value) - len(was)
		r.young[string(key)] = value
	default:
		r.add(key, value)
	}
}
