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
	p, err := one(ctx, db, profiles(), name, version)
	if err != nil {
		return scoring.Profile{}, err
	}
	return db.withModel(ctx, p)
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
		written, err = run(ctx, db, edit[scoring.Profile]{resource: profilesFor(&p), id: p.Name, write: w, silent: true,
			next: func(tx kv.Tx, _ *scoring.Profile) (*scoring.Profile, error) { return &p, putModel(tx, p.Model) }})
	}
	if err != nil {
		return scoring.Profile{}, fmt.Errorf("put profile %s: %w", p.Name, err)
	}
	if written.Model != nil {
		written.Model = p.Model
	}
	return written, nil
}

// profilesFor is profiles for the write of one.
func profilesFor(p *scoring.Profile) resource[scoring.Profile] {
	r := profiles()
	if p.Kind != "" && p.Kind != scoring.KindLinear {
		r.version = laterRecord
	}
	return r
}

// modelKind is the first letter of the keys of models' files.
const modelKind = 't'

func modelKey(hash [32]byte) []byte { return append(under(modelKind), hash[:]...) }

// putModel keeps the file of a model; nil has none. Profiles of the same model share it.
func putModel(tx kv.Tx, m *scoring.Model) error {
	if m == nil {
		return nil
	}
	blocks, _ := pack([][]byte{m.Source()})
	return tx.Put(modelKey(m.Hash), blocks[0])
}

// withModel reads the model that a profile tells of.
func (db *DB) withModel(ctx context.Context, p scoring.Profile) (scoring.Profile, error) {
	if p.Model == nil {
		return p, nil
	}
	var block []byte
	err := db.view(ctx, profilesPlace(), func(from kv.Reader) (err error) {
		block, err = from.Get(modelKey(p.Model.Hash))
		return err
	})
	if errors.Is(err, kv.ErrNotFound) {
		err = corrupt("its file is not there")
	}
	if err == nil {
		p.Model, err = readModel(p.Model, block)
	}
	if err != nil {
		return scoring.Profile{}, fmt.Errorf("read model of profile %s version %d: %w", p.Name, p.Version, err)
	}
	return p, nil
}

// readModel reads the file of a model that is told of.
func readModel(told *scoring.Model, block []byte) (*scoring.Model, error) {
	var source []byte
	err := readBlock(block, func(f *field) {
		if f.num == 1 {
			source = f.bytes()
		}
	})
	if err != nil {
		return nil, err
	}
	m, err := scoring.NewModel(told.Format, source)
	if err != nil {
		return nil, corrupt("%v", err)
	}
	if m.Hash != told.Hash {
		return nil, corrupt("its file is another one")
	}
	return m, nil
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
	if err == nil {
		active, err = db.withModel(ctx, active)
	}
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
