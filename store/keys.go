package store

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// place is a partition and the merchant whose it is, if any.
type place struct {
	part     kv.Part
	merchant string
}

// The partitions, the change log and the streams; FORMAT.md draws what lies in them.
const (
	catalogLog    kv.Log    = "catalog"
	decisionBlock kv.Stream = "decisions"
	eventBlock    kv.Stream = "events"
	tallyBlock    kv.Stream = "tallies"
)

func merchantsPlace() place { return place{part: "merchants"} }
func profilesPlace() place  { return place{part: "profiles"} }
func ratesPlace() place     { return place{part: "rates"} }
func keysPlace() place      { return place{part: "keys"} }
func uploadsPlace() place   { return place{part: "imports"} }
func decisionsPlace() place { return place{part: "decisions"} }
func eventsPlace() place    { return place{part: "events"} }

func popularityPlace() place { return place{part: "popularity"} }
func pricesPlace() place     { return place{part: "prices"} }

// merchantPlace holds the venues, campaigns and imports of one merchant.
func merchantPlace(merchant string) place {
	return place{part: kv.Part("m/" + merchant), merchant: merchant}
}

// maxID bounds the bytes of an ID that is part of a key.
const maxID = 128

// validID reports whether an ID can be part of a key: '/' ends it there.
func validID(id string) bool {
	return id != "" && len(id) <= maxID && strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r == '/' || r == 0x7f }) < 0
}

// checkID refuses an ID that cannot be kept.
func checkID(path, id string) error {
	if validID(id) {
		return nil
	}
	var f engine.Faults
	f.Add(path, "invalid", "%.40q is no ID: 1 to %d bytes without spaces and slashes", id, maxID)
	return f
}

// key joins a letter and names by slashes.
func key(kind byte, names ...string) []byte {
	n := 1
	for _, name := range names {
		n += 1 + len(name)
	}
	k := append(make([]byte, 0, n+9), kind)
	for _, name := range names {
		k = append(append(k, '/'), name...)
	}
	return k
}

// under returns the prefix of the keys that go on after key(kind, names...).
func under(kind byte, names ...string) []byte { return append(key(kind, names...), '/') }

// numbered puts a number in big-endian order at the end of a prefix.
func numbered(prefix []byte, n uint64) []byte { return binary.BigEndian.AppendUint64(prefix, n) }

// The first letters of keys that are no resource's.
const (
	goneKind    = 'x' // of a deleted venue: its last version
	useKind     = 'u' // of a venue and a campaign that names it
	changeKind  = 's' // of a staged change
	momentKind  = 'w' // of the moment of a staged change
	importKind  = 'i' // of an import's record
	stagedKind  = 'I' // of an import's rows
	receiptKind = 'o'
	hashKind    = 'h' // of an API key's secret
	dayKind     = 'd' // of reference rates
	dayPastKind = 'D' // of reference rates as they were
	bookKind    = 'n' // the version of the book of rates
	activeKind  = 'a' // of the active profile
	beliefKind  = 'b' // of what is believed of a profile's weights
	placeKind   = 'd' // of a decision's block

	countKind     = 't' // of a campaign's popularity, or prices
	countPastKind = 'T' // of it as it was
	epochKind     = 'n' // the newest epoch of popularity, or of prices
	tickKind      = 'k' // when prices were set last
)

// receiptKey hides caller and key in a hash: both are of any length, and a client's key is nobody else's to read.
func receiptKey(o *engine.Once) []byte {
	h := sha256.New()
	_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(o.Caller))))
	_, _ = h.Write([]byte(o.Caller))
	_, _ = h.Write([]byte(o.Key))
	return h.Sum(under(receiptKind))
}
