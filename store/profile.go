package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/store/kv"
)

func profiles() resource[scoring.Profile] {
	return resource[scoring.Profile]{
		place: profilesPlace(), name: "profile", head: 'p', past: 'P',
		write: writeProfile, read: readProfile,
		set: func(p *scoring.Profile, meta engine.Meta) {
			p.Version, p.Created, p.Author = meta.Version, meta.Updated, meta.By
		},
	}
}

// Profile implements engine.Profiles.
func (db *DB) Profile(ctx context.Context, name string, version uint64) (scoring.Profile, error) {
	return one(ctx, db, profiles(), name, version)
}

// ListProfiles implements engine.Profiles.
func (db *DB) ListProfiles(ctx context.Context, p engine.Page) ([]scoring.Profile, string, error) {
	return list(ctx, db, profiles(), p)
}

// ProfileVersions implements engine.Profiles.
func (db *DB) ProfileVersions(ctx context.Context, name string, p engine.Page) ([]scoring.Profile, string, error) {
	return history(ctx, db, profiles(), name, p)
}

// PutProfile implements engine.Profiles. Created and Author are those of the write. The change feed is not told: which version is active stays.
func (db *DB) PutProfile(ctx context.Context, w engine.Write, p scoring.Profile) (scoring.Profile, error) {
	written, err := scoring.Profile{}, checkID("name", p.Name)
	if err == nil {
		written, err = run(ctx, db, edit[scoring.Profile]{resource: profiles(), id: p.Name, write: w, silent: true,
			next: func(kv.Tx, *scoring.Profile) (*scoring.Profile, error) { return &p, nil }})
	}
	if err != nil {
		return scoring.Profile{}, fmt.Errorf("put profile %s: %w", p.Name, err)
	}
	return written, nil
}

// activation is the kind of a receipt for an activation.
const activation = "profile activation"

// ActivateProfile implements engine.Profiles. The condition of the write is on the newest version of the profile.
func (db *DB) ActivateProfile(ctx context.Context, w engine.Write, name string, version uint64) (active scoring.Profile, err error) {
	err = engine.ErrNotFound
	if validID(name) {
		err = db.update(ctx, profilesPlace(), key(activeKind), func(tx kv.Tx) (err error) {
			active, err = activate(tx, w, name, version)
			return err
		})
	}
	if err != nil {
		return scoring.Profile{}, fmt.Errorf("activate profile %s: %w", name, err)
	}
	return active, nil
}

func activate(tx kv.Tx, w engine.Write, name string, version uint64) (scoring.Profile, error) {
	r := profiles()
	if was, err := earlier(tx, w.Once, activation); err != nil {
		return scoring.Profile{}, err
	} else if was != nil {
		return r.at(tx, was.id, was.version)
	}
	head, err := r.load(tx, name)
	if err != nil {
		return scoring.Profile{}, err
	}
	if err := meets(w.If, head); err != nil {
		return scoring.Profile{}, err
	}
	p, err := r.at(tx, name, version)
	if err != nil {
		return scoring.Profile{}, err
	}
	value, err := encode(&engine.ProfileRef{Name: p.Name, Version: p.Version}, writeProfileRef)
	if err != nil {
		return scoring.Profile{}, err
	}
	entry := auditOf(&w, engine.ChangeProfile, "", p.Name)
	entry.Action, entry.To = engine.AuditActivated, p.Version
	return p, errors.Join(
		tx.Put(key(activeKind), value),
		audit(tx, entry),
		emit(tx, engine.Change{Kind: engine.ChangeProfile, ID: p.Name, After: p.Version}),
		remember(tx, w.Once, activation, p.Name, p.Version),
	)
}

// ActiveProfile implements engine.Profiles.
func (db *DB) ActiveProfile(ctx context.Context) (active scoring.Profile, err error) {
	err = db.view(ctx, profilesPlace(), func(from kv.Reader) error {
		value, err := from.Get(key(activeKind))
		if errors.Is(err, kv.ErrNotFound) {
			return engine.ErrNotFound
		}
		if err != nil {
			return err
		}
		ref, err := decode(value, readProfileRef)
		if err != nil {
			return err
		}
		active, err = profiles().at(from, ref.Name, ref.Version)
		return err
	})
	if err != nil {
		return scoring.Profile{}, fmt.Errorf("active profile: %w", err)
	}
	return active, nil
}

func writeProfileRef(m *message, r *engine.ProfileRef) {
	m.str(1, r.Name)
	m.uint(2, r.Version)
}

func readProfileRef(r *engine.ProfileRef, f *field) {
	switch f.num {
	case 1:
		r.Name = f.str()
	case 2:
		r.Version = f.uint()
	}
}
