package geo_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// A table holds what a map would, and the older ones stay as they were.
func TestTable(t *testing.T) {
	random := rand.New(rand.NewPCG(28, 29))
	var table geo.Table[int]
	want := map[uint32]int{}
	for range 200 {
		entries := map[uint32]int{}
		for range random.IntN(30) {
			entries[uint32(random.IntN(5_000))] = random.IntN(3) // 0 takes an entry out
		}
		older, handle := table, uint32(random.IntN(5_000))
		table = table.With(entries)
		if older.At(handle) != want[handle] {
			t.Fatalf("the older table gives %d for %d, want %d", older.At(handle), handle, want[handle])
		}
		for handle, entry := range entries {
			want[handle] = entry
		}
		for handle := range uint32(6_000) {
			if got := table.At(handle); got != want[handle] {
				t.Fatalf("%d: got %d, want %d", handle, got, want[handle])
			}
			if want[handle] != 0 && int(handle) >= table.Len() {
				t.Fatalf("handle %d is beyond the length %d", handle, table.Len())
			}
		}
	}
}
