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

// shape is a fence that is not a circle, which campaigns with geofences of the same content share.
type shape struct {
	key      shapeKey
	fence    *geo.Fence
	covering *geo.Covering // as the store has it, until the fence is in the index; nil: it is covered anew
	users    int
}

// shapeKey is the digest of a geofence's content.
type shapeKey [32]byte

// shapes keeps the fences that are in use. It belongs to one goroutine.
type shapes map[shapeKey]*shape

// use returns the shape of a fence, with one user more.
func (s shapes) use(from *shape) *shape {
	found := s[from.key]
	if found == nil {
		found = from
		s[from.key] = found
	}
	if found.covering == nil {
		found.covering = from.covering
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

// keyOf returns the key of a geofence; ok is false for a circle, which is compared as it is.
func keyOf(g *engine.Geofence) (key shapeKey, ok bool) {
	switch {
	case g.Circle != nil:
		return key, false
	case g.GeoJSON != nil:
		return sha256.Sum256(g.GeoJSON), true
	}
	return sha256.Sum256([]byte("cells " + strings.Join(g.Cells, " "))), true
}

// cover computes the coverings that items want, on all processors.
func cover(items []geo.Item) {
	const stride = 64
	workers := min(runtime.GOMAXPROCS(0), len(items)/stride+1)
	var next atomic.Int64
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for {
				end := int(next.Add(stride))
				if end-stride >= len(items) {
					return
				}
				for i := end - stride; i < min(end, len(items)); i++ {
					if items[i].Covering == nil {
						covering := geo.Cover(items[i].Fence)
						items[i].Covering = &covering
					}
				}
			}
		})
	}
	done.Wait()
}
