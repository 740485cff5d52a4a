package geo_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// Every single change of a large index and of many points takes little memory, however many came before: none of them touches all there is.
func TestEveryChangeIsSmall(t *testing.T) {
	random := rand.New(rand.NewPCG(34, 35))
	items := miami(t, 20_000)
	points := make([]geo.Point, len(items))
	for i := range points {
		points[i] = geo.Point{Handle: uint32(i), At: somewhere(random)}
	}
	index, set := new(geo.Index).Apply(nil, items), new(geo.Points).Apply(nil, points)
	most := uint64(0)
	for step := range 2_000 {
		handle := uint32(random.IntN(len(items)))
		before := allocated()
		index = index.Apply([]uint32{handle}, []geo.Item{{Handle: handle, Fence: items[random.IntN(len(items))].Fence}})
		set = set.Apply(nil, []geo.Point{{Handle: handle, At: points[(int(handle)+step)%len(points)].At}})
		most = max(most, allocated()-before)
	}
	if most > 600<<10 {
		t.Errorf("one change took %d KiB", most>>10)
	}
	t.Logf("at most %d KiB", most>>10)
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
