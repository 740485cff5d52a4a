package store

import (
	"bytes"
	"fmt"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
)

// TestBlocks writes blocks and reads them again, also one as they were written before they were compressed; what repeats itself takes little room.
func TestBlocks(t *testing.T) {
	var bodies [][]byte
	total := 0
	for i := range 4_000 {
		e := engine.Event{ID: fmt.Sprintf("e-%d", i), Type: engine.EventClick, DecisionID: "d", CampaignID: "lincoln-15", VenueID: "v"}
		body, err := encodeBody(&e, writeEvent)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
		total += len(body)
	}
	blocks, counts := pack(bodies)
	if len(blocks) < 2 {
		t.Fatalf("%d bytes are %d blocks", total, len(blocks))
	}
	n, size := 0, 0
	for i, b := range blocks {
		events, err := unpack(b, readEvent)
		if err != nil || len(events) != counts[i] {
			t.Fatalf("block %d: %d events, %v", i, len(events), err)
		}
		for _, e := range events {
			if e.ID != fmt.Sprintf("e-%d", n) || e.CampaignID != "lincoln-15" {
				t.Fatalf("event %d is %+v", n, e)
			}
			n++
		}
		size += len(b)
		if _, err := unpack(b[:len(b)-1], readEvent); err == nil {
			t.Error("a block that is cut off is read")
		}
	}
	if n != len(bodies) || size > total/2 {
		t.Errorf("%d of %d events in %d bytes, which were %d", n, len(bodies), size, total)
	}

	var old bytes.Buffer
	old.WriteByte(valueVersion)
	old.Write(protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), bodies[7]))
	if events, err := unpack(old.Bytes(), readEvent); err != nil || len(events) != 1 || events[0].ID != "e-7" {
		t.Errorf("a block of the first version: %+v, %v", events, err)
	}
}
