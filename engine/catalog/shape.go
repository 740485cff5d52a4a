package catalog

import (
	"crypto/sha256"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// shapeKey is the content of a fence.
type shapeKey struct {
	circle engine.Circle
	digest [32]byte // of GeoJSON or cells; zero for a circle
}

// shape is a fence and its covering, which fences of the same content share.
type shape struct {
	key      shapeKey
	fence    *geo.Fence
	covering *geo.Covering // nil until covered
	users    int
}

// shapes keeps the fences that are in the index, each covered once. It belongs to one goroutine.
type shapes map[shapeKey]*shape

// use returns the shape of a fence, with one user more.
func (s shapes) use(key shapeKey, fence *geo.Fence) *shape {
	found := s[key]
	if found == nil {
		found = &shape{key: key, fence: fence}
		s[key] = found
	}
	found.users++
	return found
}

// leave takes a user away, and the shape with the last.
func (s shapes) leave(old *shape) {
	if old.users--; old.users == 0 {
		delete(s, old.key)
	}
}

func keyOfGeofence(g *engine.Geofence) shapeKey {
	switch {
	case g.Circle != nil:
		return shapeKey{circle: *g.Circle}
	case g.GeoJSON != nil:
		return shapeKey{digest: sha256.Sum256(g.GeoJSON)}
	}
	return shapeKey{digest: sha256.Sum256([]byte("cells " + strings.Join(g.Cells, " ")))}
}

// cover computes the coverings that are wanting, on all processors.
func cover(wanting []*shape) {
	workers := min(runtime.GOMAXPROCS(0), len(wanting))
	var next atomic.Int64
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(wanting) {
					return
				}
				covering := geo.Cover(wanting[i].fence)
				wanting[i].covering = &covering
			}
		})
	}
	done.Wait()
}
