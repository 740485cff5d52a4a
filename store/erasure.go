package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

var _ engine.Histories = (*DB)(nil)

// erasuresPart holds what is erased, and how far sweeps have come.
const erasuresPart kv.Part = "erasures"

// The first letters of its keys.
const (
	erasureKind   = 'j'
	erasedUser    = 'p'
	sweepMarkKind = 's'
)

// erasedUserKey hides the user in a hash, as an account does.
func erasedUserKey(user string) ([]byte, error) {
	hash, err := hex.DecodeString(engine.UserHash(user))
	return append(under(erasedUser), hash...), err
}

// ErasureOf implements engine.Histories.
func (db *DB) ErasureOf(ctx context.Context, user string) (e engine.Erasure, err error) {
	at, err := erasedUserKey(user)
	if err != nil {
		return e, err
	}
	err = db.kv.View(ctx, erasuresPart, func(from kv.Reader) error {
		id, err := there(from, at, readName)
		if err != nil {
			return err
		}
		e, err = there(from, key(erasureKind, id), readErasure)
		e.ID = id
		return err
	})
	return e, Translate(err)
}

// PendingErasures implements engine.Histories, in the order of the users' hashes.
func (db *DB) PendingErasures(ctx context.Context, limit int) (list []engine.Erasure, err error) {
	err = db.kv.View(ctx, erasuresPart, func(from kv.Reader) error {
		list = nil
		pairs, err := from.List(under(erasedUser), nil, limit)
		for _, p := range pairs {
			id, err := decode(p.Value, readName)
			if err != nil {
				return fmt.Errorf("read erasure at %q: %w", p.Key, err)
			}
			e, err := there(from, key(erasureKind, id), readErasure)
			if err != nil {
				return err
			}
			e.ID = id
			list = append(list, e)
		}
		return err
	})
	return list, Translate(err)
}

// Erasure implements engine.Histories.
func (db *DB) Erasure(ctx context.Context, id string) (e engine.Erasure, err error) {
	if !validID(id) {
		return e, engine.ErrNotFound
	}
	err = db.kv.View(ctx, erasuresPart, func(from kv.Reader) error {
		e, err = there(from, key(erasureKind, id), readErasure)
		e.ID = id
		return err
	})
	return e, Translate(err)
}

// ListErasures implements engine.Histories, in the order of IDs.
func (db *DB) ListErasures(ctx context.Context, p engine.Page) (page []engine.Erasure, next string, err error) {
	limit, prefix := pageLimit(p), under(erasureKind)
	err = db.kv.View(ctx, erasuresPart, func(from kv.Reader) error {
		page, next = nil, ""
		pairs, err := from.List(prefix, append(prefix[:len(prefix):len(prefix)], p.After...), limit+1)
		for _, pair := range pairs[:min(limit, len(pairs))] {
			e, err := decode(pair.Value, readErasure)
			if err != nil {
				return fmt.Errorf("read erasure at %q: %w", pair.Key, err)
			}
			e.ID = string(pair.Key[len(prefix):])
			page = append(page, e)
		}
		if len(pairs) > limit {
			next = page[limit-1].ID
		}
		return err
	})
	return page, next, Translate(err)
}

// PutErasure implements engine.Histories.
func (db *DB) PutErasure(ctx context.Context, e *engine.Erasure) error {
	if err := checkID("id", e.ID); err != nil {
		return err
	}
	return Translate(db.kv.Update(ctx, erasuresPart, nil, func(tx kv.Tx) error {
		was, found, err := value(tx, key(erasureKind, e.ID), readErasure)
		if err != nil {
			return err
		}
		if found && was.UserID != "" && e.UserID == "" {
			at, err := erasedUserKey(was.UserID)
			if err != nil {
				return err
			}
			if err := tx.Delete(at); err != nil {
				return err
			}
		}
		if e.UserID != "" {
			at, err := erasedUserKey(e.UserID)
			if err != nil {
				return err
			}
			if err := putValue(tx, at, &e.ID, writeName); err != nil {
				return err
			}
		}
		return putValue(tx, key(erasureKind, e.ID), e, writeErasure)
	}))
}

// SweepMark implements engine.Histories.
func (db *DB) SweepMark(ctx context.Context, name string) (m engine.SweepMark, err error) {
	err = db.kv.View(ctx, erasuresPart, func(from kv.Reader) error {
		m, _, err = value(from, key(sweepMarkKind, name), readSweepMark)
		return err
	})
	return m, Translate(err)
}

// PutSweepMark implements engine.Histories.
func (db *DB) PutSweepMark(ctx context.Context, name string, m *engine.SweepMark) error {
	return Translate(db.kv.Update(ctx, erasuresPart, nil, func(tx kv.Tx) error {
		return putValue(tx, key(sweepMarkKind, name), m, writeSweepMark)
	}))
}

// writeErasure leaves the ID to the key.
func writeErasure(m *message, e *engine.Erasure) {
	m.str(1, e.UserID)
	m.str(2, string(e.State))
	m.time(3, e.Asked)
	m.time(4, e.Finished)
	m.int(5, e.Decisions)
	m.int(6, e.Events)
	m.int(7, e.Redemptions)
}

func readErasure(e *engine.Erasure, f *field) {
	switch f.num {
	case 1:
		e.UserID = f.str()
	case 2:
		e.State = engine.ErasureState(f.str())
	case 3:
		e.Asked = f.time()
	case 4:
		e.Finished = f.time()
	case 5:
		e.Decisions = f.int()
	case 6:
		e.Events = f.int()
	case 7:
		e.Redemptions = f.int()
	}
}

func writeSweepMark(m *message, s *engine.SweepMark) {
	for i, p := range []engine.LogPlace{s.Decisions, s.Events} {
		if !p.IsZero() {
			m.sub(protowire.Number(1+i), func() {
				m.time(1, p.Time)
				m.uint(2, p.Seq)
			})
		}
	}
	m.str(3, s.Account.MerchantID)
	m.str(4, s.Account.CampaignID)
	m.strs(5, s.Erasures)
	m.str(6, string(s.Stage))
}

func readSweepMark(s *engine.SweepMark, f *field) {
	switch f.num {
	case 1:
		s.Decisions = readLogPlace(f)
	case 2:
		s.Events = readLogPlace(f)
	case 3:
		s.Account.MerchantID = f.str()
	case 4:
		s.Account.CampaignID = f.str()
	case 5:
		s.Erasures = append(s.Erasures, f.str())
	case 6:
		s.Stage = engine.SweepStage(f.str())
	}
}

func readLogPlace(f *field) (p engine.LogPlace) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			p.Time = f.time()
		case 2:
			p.Seq = f.uint()
		}
	})
	return p
}
