package ledger

import (
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Expected returns how many mean hours' showings are expected in the open time of a flight between two instants, as seen on the day of now in a zone.
func (m *Meter) Expected(zone *time.Location, f *engine.Flight, now, from, to time.Time) float64 {
	flow := m.traffic.of(zone).outlook(dayOf(now.In(zone))).flowOf(f, nil)
	return flow.mass(to.Unix()) - flow.mass(from.Unix())
}

// Hour returns the factor of the hour of the week in which at lies, as seen on the day of now.
func (m *Meter) Hour(zone *time.Location, now, at time.Time) float64 {
	o := m.traffic.of(zone).outlook(dayOf(now.In(zone)))
	at = at.In(zone)
	until := &o.until[at.Weekday()]
	return until[at.Hour()+1] - until[at.Hour()]
}

// AuditBy lets a verification hold so many entries at once.
func (b *Book) AuditBy(entries uint64) { b.auditEntries = entries }
