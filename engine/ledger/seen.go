package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// seen remembers the IDs of events: for good while one is being kept, and afterwards for longer than an event may be late.
type seen struct {
	mu     sync.Mutex // guards the rest
	kept   map[eventKey]struct{}
	days   []seenDay                  // in the order in which they came
	flying map[eventKey]chan struct{} // being kept; closed when that has ended
}

// seenDay is the events received on a day.
type seenDay struct {
	day  day // UTC
	keys []eventKey
}

// eventKey stands for an event's ID.
type eventKey [16]byte

// seenDays is how many days back IDs are remembered: an event is received up to maxLead before its own time and may be given
// again until it is maxAge old; the rest is for the ends of the days.
const seenDays = int(maxAge/(24*time.Hour)) + 2

func (s *seen) open() {
	s.kept = make(map[eventKey]struct{})
	s.flying = make(map[eventKey]chan struct{})
}

// load remembers an event of the log and reports whether it is the first of its ID.
func (s *seen) load(id string, received time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := keyOf(id)
	if _, again := s.kept[k]; again {
		return false
	}
	s.keep(k, dayOf(received.UTC()))
	return true
}

// claim returns the events that are new, each once. While one of them is being kept by another call it returns instead a channel to
// wait on before the next try, since to say that an event is taken it must be on disk. leave ends the claim, and says whether the events are kept.
func (s *seen) claim(events []engine.Event, now time.Time) (fresh []engine.Event, leave func(kept bool), wait <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make([]eventKey, 0, len(events))
	own := make(map[eventKey]bool, len(events))
	for i := range events {
		k := keyOf(events[i].ID)
		if flight, busy := s.flying[k]; busy {
			return nil, nil, flight
		}
		if _, again := s.kept[k]; again || own[k] {
			continue
		}
		own[k] = true
		keys = append(keys, k)
		fresh = append(fresh, events[i])
	}
	done := make(chan struct{})
	for _, k := range keys {
		s.flying[k] = done
	}
	return fresh, func(kept bool) { s.leave(keys, done, kept, dayOf(now)) }, nil
}

func (s *seen) leave(keys []eventKey, done chan struct{}, kept bool, d day) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		delete(s.flying, k)
		if kept {
			s.keep(k, d)
		}
	}
	close(done)
}

// keep remembers a key that came on a day, and forgets those that came seenDays before, counted in days on which any came: a clock that is wrong
// for a while brings few of these, and makes nothing old.
func (s *seen) keep(k eventKey, d day) {
	s.kept[k] = struct{}{}
	i := slices.IndexFunc(s.days, func(of seenDay) bool { return of.day == d })
	if i < 0 {
		i = len(s.days)
		s.days = append(s.days, seenDay{day: d})
	}
	s.days[i].keys = append(s.days[i].keys, k)
	for len(s.days) > seenDays+1 {
		for _, old := range s.days[0].keys {
			delete(s.kept, old)
		}
		s.days = s.days[1:]
	}
}

// eventID makes an event's ID of what it tells, laid out as a UUID of version 8 (RFC 9562, section 5.8): a hash, so that the same
// event has the same ID. own is the app's ID for it, empty for none.
func eventID(e *engine.Event, own string) string {
	h := sha256.New()
	for _, part := range []string{e.DecisionID, e.Placement, e.MerchantID, e.CampaignID, e.VenueID, string(e.Type), own} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	b := h.Sum(nil)[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	text := hex.EncodeToString(b)
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

func keyOf(id string) eventKey {
	h := sha256.Sum256([]byte(id))
	return eventKey(h[:16])
}
