package ledger

import (
	"fmt"
	"slices"
	"sync"

	"github.com/sihai-network/sihai/engine"
)

// offers finds listings by the names of offers. It remembers at which handles of a snapshot the venues of an ID lie, and reads them anew when
// a name is not found in a later one. It is safe for concurrent use.
type offers struct {
	mu      sync.Mutex // guards the rest; the map in use never changes
	version uint64
	made    bool
	handles map[string][]uint32 // by ID of the venue
}

// find returns a listing and which of its sites an offer names. Its errors are Faults.
func (o *offers) find(snap *engine.Snapshot, merchant, campaign, venue string) (*engine.Listing, int, error) {
	found := search(snap, o.known(snap, false), merchant, campaign, venue)
	if len(found) == 0 {
		found = search(snap, o.known(snap, true), merchant, campaign, venue)
	}
	if merchant == "" && snap.Ambiguous[engine.OfferID(campaign, venue)] {
		found = make([]engine.Placing, 2) // whatever an earlier snapshot knew
	}
	switch len(found) {
	case 0:
		return nil, 0, engine.Faults{{Path: "offer_id", Code: "unknown_offer", Message: fmt.Sprintf("there is no offer %.130q", engine.OfferID(campaign, venue))}}
	case 1:
		return found[0].Listing, found[0].Site, nil
	}
	return nil, 0, engine.Faults{{Path: "offer_id", Code: "ambiguous_offer",
		Message: fmt.Sprintf("two merchants have an offer %s; put the merchant's ID and / before it", engine.OfferID(campaign, venue))}}
}

// known returns the handles of venues: those of an earlier snapshot, or with fresh those of this one.
func (o *offers) known(snap *engine.Snapshot, fresh bool) map[string][]uint32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.made && (!fresh || o.version >= snap.Version) {
		return o.handles
	}
	handles := make(map[string][]uint32, snap.Listings)
	for h := range uint32(snap.Residents.Len()) {
		if r := snap.Residents.At(h); r.Site != nil {
			handles[r.Site.ID] = append(handles[r.Site.ID], h)
		}
	}
	o.handles, o.version, o.made = handles, snap.Version, true
	return handles
}

// search returns the placings of an offer's name, which the snapshot itself holds.
func search(snap *engine.Snapshot, handles map[string][]uint32, merchant, campaign, venue string) (found []engine.Placing) {
	for _, h := range handles[venue] {
		if int(h) >= snap.Residents.Len() {
			continue
		}
		r := snap.Residents.At(h)
		if r.Site == nil || r.Site.ID != venue {
			continue
		}
		i, there := slices.BinarySearchFunc(r.At, campaign, func(p engine.Placing, id string) int { return compareStrings(p.Listing.ID, id) })
		if there && (merchant == "" || r.At[i].Listing.Merchant.ID == merchant) {
			found = append(found, r.At[i])
		}
	}
	return found
}

func compareStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
