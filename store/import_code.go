package store

import (
	"time"

	"github.com/sihai-network/sihai/engine"
)

// upload is the record of an import: the report, and what its fold needs once it is current.
type upload struct {
	engine.Import
	at time.Time // of the commit: Meta.Updated of its rows
	by string
}

func writeUpload(m *message, u *upload) {
	m.str(1, u.ID)
	m.str(2, string(u.Kind))
	m.str(3, u.Format)
	m.str(4, string(u.State))
	m.bool(5, u.DryRun)
	m.bool(6, u.Partial)
	m.int(7, int64(u.Rows))
	m.int(8, int64(u.Accepted))
	m.int(9, int64(u.Rejected))
	m.int(10, int64(u.Added))
	m.int(11, int64(u.Changed))
	m.int(12, int64(u.Same))
	for _, f := range u.Faults {
		m.sub(13, func() {
			m.int(1, int64(f.Row))
			m.str(2, f.Column)
			m.str(3, f.Path)
			m.str(4, f.Code)
			m.str(5, f.Message)
			m.str(6, f.Value)
		})
	}
	m.int(14, int64(u.MoreFaults))
	m.time(15, u.Started)
	m.time(16, u.Finished)
	m.str(17, u.By)
	m.time(18, u.at)
	m.str(19, u.by)
	writeUploadMore(m, &u.Import)
}

// writeUploadMore writes what later releases added.
func writeUploadMore(m *message, i *engine.Import) {
	if i.Feed != (engine.FeedOptions{}) {
		m.sub(20, func() {
			m.str(1, i.Feed.Delimiter)
			m.str(2, i.Feed.Encoding)
			m.str(3, i.Feed.Decimal)
			m.str(4, i.Feed.Language)
		})
	}
	m.int(21, int64(i.Ended))
	m.bool(22, i.Prune)
	m.float(23, i.PruneShare)
	for _, c := range i.Changes {
		m.sub(24, func() { writeRowChange(m, &c) })
	}
	m.int(25, int64(i.MoreChanges))
	for _, name := range i.PassedOver {
		m.item(26, name)
	}
	m.str(27, i.Detail)
	m.bool(28, i.Spooled)
	m.int(29, i.Size)
	m.int(30, i.Read)
	m.int(31, int64(i.Through))
}

func writeRowChange(m *message, c *engine.RowChange) {
	m.int(1, int64(c.Row))
	m.str(2, c.ID)
	m.str(3, string(c.Kind))
	for _, f := range c.Fields {
		m.sub(4, func() {
			m.str(1, f.Path)
			m.str(2, f.Before)
			m.str(3, f.After)
		})
	}
}

func readUpload(u *upload, f *field) {
	switch f.num {
	case 1:
		u.ID = f.str()
	case 2:
		u.Kind = engine.ImportKind(f.str())
	case 3:
		u.Format = f.str()
	case 4:
		u.State = engine.ImportState(f.str())
	case 5:
		u.DryRun = f.bool()
	case 6:
		u.Partial = f.bool()
	case 13:
		u.Faults = append(u.Faults, readRowFault(f))
	case 15:
		u.Started = f.time()
	case 16:
		u.Finished = f.time()
	case 17:
		u.By = f.str()
	case 18:
		u.at = f.time()
	case 19:
		u.by = f.str()
	default:
		readCounts(u, f)
	}
}

func readCounts(u *upload, f *field) {
	switch f.num {
	case 7:
		u.Rows = int(f.int())
	case 8:
		u.Accepted = int(f.int())
	case 9:
		u.Rejected = int(f.int())
	case 10:
		u.Added = int(f.int())
	case 11:
		u.Changed = int(f.int())
	case 12:
		u.Same = int(f.int())
	case 14:
		u.MoreFaults = int(f.int())
	default:
		readUploadMore(&u.Import, f)
	}
}

func readUploadMore(i *engine.Import, f *field) {
	switch f.num {
	case 20:
		f.sub(func(f *field) { readFeedOptions(&i.Feed, f) })
	case 21:
		i.Ended = int(f.int())
	case 22:
		i.Prune = f.bool()
	case 23:
		i.PruneShare = f.float()
	case 24:
		i.Changes = append(i.Changes, readRowChange(f))
	case 25:
		i.MoreChanges = int(f.int())
	case 26:
		i.PassedOver = append(i.PassedOver, f.str())
	case 27:
		i.Detail = f.str()
	case 28:
		i.Spooled = f.bool()
	case 29:
		i.Size = f.int()
	case 30:
		i.Read = f.int()
	case 31:
		i.Through = int(f.int())
	}
}

func readFeedOptions(o *engine.FeedOptions, f *field) {
	switch f.num {
	case 1:
		o.Delimiter = f.str()
	case 2:
		o.Encoding = f.str()
	case 3:
		o.Decimal = f.str()
	case 4:
		o.Language = f.str()
	}
}

func readRowChange(f *field) (c engine.RowChange) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			c.Row = int(f.int())
		case 2:
			c.ID = f.str()
		case 3:
			c.Kind = engine.DiffKind(f.str())
		case 4:
			var change engine.FieldChange
			f.sub(func(f *field) {
				switch f.num {
				case 1:
					change.Path = f.str()
				case 2:
					change.Before = f.str()
				case 3:
					change.After = f.str()
				}
			})
			c.Fields = append(c.Fields, change)
		}
	})
	return c
}

func readRowFault(f *field) (r engine.RowFault) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			r.Row = int(f.int())
		case 2:
			r.Column = f.str()
		case 3:
			r.Path = f.str()
		case 4:
			r.Code = f.str()
		case 5:
			r.Message = f.str()
		case 6:
			r.Value = f.str()
		}
	})
	return r
}

// staged is a row of an import: the content to come of a resource or, once it was folded, the ID of what it changed.
type staged struct {
	id     string
	body   []byte // nil once folded
	folded bool
	end    bool // a venue, which then has no body, is deleted; a campaign is archived because its feed no longer names it

	before, after uint64 // once folded: the versions between which the resource went
}

func writeStaged(m *message, s *staged) {
	m.str(1, s.id)
	m.bytes(2, s.body)
	m.bool(3, s.folded)
	m.uint(4, s.before)
	m.uint(5, s.after)
	m.bool(6, s.end)
}

func readStaged(s *staged, f *field) {
	switch f.num {
	case 1:
		s.id = f.str()
	case 2:
		s.body = f.bytes()
	case 3:
		s.folded = f.bool()
	case 4:
		s.before = f.uint()
	case 5:
		s.after = f.uint()
	case 6:
		s.end = f.bool()
	}
}

func writeChange(m *message, c *engine.Change) {
	m.str(1, string(c.Kind))
	m.str(2, c.MerchantID)
	m.str(3, c.ID)
	m.str(4, c.ImportID)
	m.bool(5, c.More)
	m.uint(6, c.Before)
	m.uint(7, c.After)
}

func readChange(c *engine.Change, f *field) {
	switch f.num {
	case 1:
		c.Kind = engine.ChangeKind(f.word())
	case 2:
		c.MerchantID = f.str()
	case 3:
		c.ID = f.str()
	case 4:
		c.ImportID = f.str()
	case 5:
		c.More = f.bool()
	case 6:
		c.Before = f.uint()
	case 7:
		c.After = f.uint()
	}
}

// receipt says what an idempotency key did.
type receipt struct {
	fingerprint [32]byte
	kind        string // of what was written: the name of a resource, or "rates", "import", "decision", "events"
	id          string
	version     uint64 // that was written; for rates the number of days
}

func writeReceipt(m *message, r *receipt) {
	m.bytes(1, r.fingerprint[:])
	m.str(2, r.kind)
	m.str(3, r.id)
	m.uint(4, r.version)
}

func readReceipt(r *receipt, f *field) {
	switch f.num {
	case 1:
		r.fingerprint = f.hash()
	case 2:
		r.kind = f.str()
	case 3:
		r.id = f.str()
	case 4:
		r.version = f.uint()
	}
}
