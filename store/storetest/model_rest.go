package storetest

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

func (m *model) putProfile(w engine.Write, p scoring.Profile) (scoring.Profile, error) {
	return answered(m, "profiles", "profile", w, func() (scoring.Profile, error) {
		if err := m.profiles.check(w, p.Name); err != nil {
			return scoring.Profile{}, err
		}
		return m.profiles.put(w, p.Name, p), nil
	})
}

func (m *model) activate(w engine.Write, name string, version uint64) (scoring.Profile, error) {
	return answered(m, "profiles", "activation", w, func() (scoring.Profile, error) {
		if err := m.profiles.check(w, name); err != nil {
			return scoring.Profile{}, err
		}
		all := m.profiles.versions[name]
		if version == 0 {
			version = uint64(len(all))
		}
		if version == 0 || version > uint64(len(all)) {
			return scoring.Profile{}, engine.ErrNotFound
		}
		m.active = &all[version-1]
		m.tell(engine.Change{Kind: engine.ChangeProfile, ID: name, After: version})
		return *m.active, nil
	})
}

func (m *model) putRates(w engine.Write, days engine.Rates) (int, error) {
	return answered(m, "rates", "rates", w, func() (int, error) {
		changed, before := 0, m.allRates()
		for _, day := range days {
			if was, ok := m.rates[day.Date]; !ok || !reflect.DeepEqual(was, day) {
				changed++
			}
			m.rates[day.Date] = day
		}
		if changed > 0 {
			m.books = append(m.books, before)
			m.tell(engine.Change{Kind: engine.ChangeRates, Before: uint64(len(m.books) - 1), After: uint64(len(m.books))})
		}
		return changed, nil
	})
}

func (m *model) allRates() engine.Rates {
	var all engine.Rates
	for _, day := range m.rates {
		all = append(all, day)
	}
	slices.SortFunc(all, func(a, b engine.RateDay) int { return cmp.Compare(a.Date.String(), b.Date.String()) })
	return all
}

func (m *model) putKey(w engine.Write, k engine.Key) (engine.Key, error) {
	return answered(m, "keys", "key", w, func() (engine.Key, error) {
		if err := m.keys.check(w, k.ID); err != nil {
			return engine.Key{}, err
		}
		for _, other := range m.keys.current() {
			if other.Hash == k.Hash && other.ID != k.ID {
				return engine.Key{}, engine.ErrExists
			}
		}
		m.tell(m.keys.step(engine.Change{Kind: engine.ChangeKey, ID: k.ID}))
		return m.keys.put(w, k.ID, k), nil
	})
}

func (m *model) revokeKey(w engine.Write, id string) (engine.Key, error) {
	return answered(m, "keys", "key", w, func() (engine.Key, error) {
		if err := m.keys.check(w, id); err != nil {
			return engine.Key{}, err
		}
		head := m.keys.head(id)
		if head == nil {
			return engine.Key{}, engine.ErrNotFound
		}
		if !head.Revoked.IsZero() {
			return *head, nil
		}
		k := *head
		k.Revoked = w.At
		m.tell(m.keys.step(engine.Change{Kind: engine.ChangeKey, ID: id}))
		return m.keys.put(w, id, k), nil
	})
}

func (m *model) beginImport(w engine.Write, i engine.Import) (engine.Import, error) {
	if m.venues[i.MerchantID] == nil {
		return engine.Import{}, engine.ErrNotFound
	}
	id, err := answered(m, i.MerchantID, "import", w, func() (engine.ImportID, error) {
		if m.imports[i.ImportID] != nil {
			return engine.ImportID{}, engine.ErrExists
		}
		i.State, i.Started, i.By = engine.ImportStaging, w.At, w.By
		m.imports[i.ImportID] = &modelImport{record: i}
		return i.ImportID, nil
	})
	if err != nil {
		return engine.Import{}, err
	}
	return m.imports[id].record, nil
}

func (m *model) stage(id engine.ImportID, rows []engine.ImportRow) error {
	i := m.imports[id]
	switch {
	case i == nil:
		return engine.ErrNotFound
	case i.record.State != engine.ImportStaging:
		return engine.ErrStale
	}
	i.rows = append(i.rows, rows...)
	return nil
}

func (m *model) commitImport(w engine.Write, report engine.Import) (engine.Import, error) {
	i := m.imports[report.ImportID]
	switch {
	case i == nil:
		return engine.Import{}, engine.ErrNotFound
	case i.record.State == engine.ImportDone:
		return i.record, nil
	case i.record.State != engine.ImportStaging:
		return engine.Import{}, engine.ErrStale
	}
	var faults engine.Faults
	for _, row := range i.rows {
		if row.Campaign != nil {
			faults = append(faults, m.unknown(report.MerchantID, row.Campaign).Under("rows["+strconv.Itoa(row.Row)+"]")...)
		}
	}
	if err := faults.Err(); err != nil {
		return engine.Import{}, err
	}
	first := len(m.changes)
	report.Kind, report.Started, report.By = i.record.Kind, i.record.Started, i.record.By
	report.State, report.Finished = engine.ImportDone, w.At
	for _, row := range i.rows {
		id, known, same := m.putRow(w, report.MerchantID, row)
		switch {
		case same:
			report.Same++
			continue
		case known:
			report.Changed++
		default:
			report.Added++
		}
		kind := engine.ChangeVenue
		if row.Campaign != nil {
			kind = engine.ChangeCampaign
		}
		c := engine.Change{Kind: kind, MerchantID: report.MerchantID, ID: id, ImportID: report.ID, More: true}
		if row.Campaign != nil {
			c.After = m.campaigns[report.MerchantID].newest(id)
		} else {
			c.After = m.venues[report.MerchantID].newest(id)
		}
		if known {
			c.Before = c.After - 1
		}
		m.tell(c)
	}
	if len(m.changes) > first {
		m.changes[len(m.changes)-1].More = false
	}
	i.record = report
	return report, nil
}

// putRow makes a row current and says whether its resource was known, and whether it was the same.
func (m *model) putRow(w engine.Write, merchant string, row engine.ImportRow) (id string, known, same bool) {
	if row.Venue != nil {
		known, same = putUnlessSame(m.venues[merchant], w, row.Venue.ID, *row.Venue)
		return row.Venue.ID, known, same
	}
	known, same = putUnlessSame(m.campaigns[merchant], w, row.Campaign.ID, *row.Campaign)
	return row.Campaign.ID, known, same
}

func putUnlessSame[T any](s *shelf[T], w engine.Write, id string, v T) (known, same bool) {
	if head := s.head(id); head != nil {
		known = true
		all := s.meta[id]
		s.set(&v, all[len(all)-1])
		if reflect.DeepEqual(v, *head) {
			return true, true
		}
	}
	s.put(w, id, v)
	return known, false
}

func (m *model) dropImport(report engine.Import) error {
	i := m.imports[report.ImportID]
	switch {
	case i == nil:
		return engine.ErrNotFound
	case i.record.State == engine.ImportDone:
		return engine.ErrStale
	}
	i.rows = nil
	i.record.State = engine.ImportFailed
	return nil
}

// restart is what a new start of the store does.
func (m *model) restart() {
	for _, i := range m.imports {
		if i.record.State == engine.ImportStaging {
			i.record.State, i.rows = engine.ImportFailed, nil
		}
	}
}
