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

// A chunk that is the same in two tables has the same entries in both, and a change gives those that it touches another one.
func TestTableChunks(t *testing.T) {
	table := geo.Table[int]{}.With(map[uint32]int{3: 1, 2 * geo.ChunkLen: 2})
	if table.Chunk(1) != nil || table.Chunk(7) != nil {
		t.Error("there are entries where none were set")
	}
	if c := table.Chunk(2); c[0] != 2 || c[1] != 0 {
		t.Errorf("chunk 2 begins with %d, %d", c[0], c[1])
	}
	next := table.With(map[uint32]int{4: 9})
	if next.Chunk(2) != table.Chunk(2) || next.Chunk(0) == table.Chunk(0) {
		t.Error("not just the chunk that was touched is another")
	}
	if c := next.Chunk(0); c[3] != 1 || c[4] != 9 {
		t.Errorf("chunk 0 holds %d, %d", c[3], c[4])
	}
}
