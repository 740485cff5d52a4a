package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// The kinds of receipts of staged changes.
const (
	staging  = "staged change"
	settling = "settled change"
)

func loadStagedChange(from kv.Reader, merchant, id string) (engine.StagedChange, error) {
	value, err := from.Get(key(changeKind, id))
	if errors.Is(err, kv.ErrNotFound) {
		return engine.StagedChange{}, engine.ErrNotFound
	}
	if err != nil {
		return engine.StagedChange{}, err
	}
	return decodeStagedChange(value, merchant)
}

func decodeStagedChange(value []byte, merchant string) (engine.StagedChange, error) {
	c, err := decode(value, readStagedChange)
	if err != nil {
		return c, fmt.Errorf("read staged change: %w", err)
	}
	c.MerchantID = merchant
	if c.Campaign != nil {
		c.Campaign.MerchantID = merchant
	}
	return c, nil
}

// putStagedChange keeps a change and the moment of one that is scheduled; was is the state that it had, empty for a new one.
func putStagedChange(tx kv.Tx, c *engine.StagedChange, was engine.StagedState) error {
	value, err := encode(c, writeStagedChange)
	if err != nil {
		return err
	}
	at := momentKey(c.LiveAt, c.ID)
	switch {
	case c.State == engine.StagedScheduled:
		err = tx.Put(at, []byte{valueVersion})
	case was == engine.StagedScheduled:
		err = tx.Delete(at)
	}
	return errors.Join(err, tx.Put(key(changeKind, c.ID), value))
}

func momentKey(at time.Time, id string) []byte {
	return append(numbered(under(momentKind), uint64(at.UnixMilli())), id...)
}

// stateNumber is how a receipt says in which state a change was left.
func stateNumber(s engine.StagedState) uint64 { return uint64(1 + slices.Index(stagedStates[:], s)) }

// stagedStates are the states in the order of their numbers in receipts, from 1.
var stagedStates = [...]engine.StagedState{
	engine.StagedPending, engine.StagedScheduled, engine.StagedMade, engine.StagedFailed, engine.StagedRejected, engine.StagedCancelled,
}

// asFirst makes a change what it was when a receipt was written.
func asFirst(c *engine.StagedChange, number uint64) {
	if number < 1 || number > uint64(len(stagedStates)) || c.State == stagedStates[number-1] {
		return
	}
	c.State = stagedStates[number-1]
	if c.State == engine.StagedPending || c.State == engine.StagedScheduled {
		c.Made, c.Version, c.Faults = time.Time{}, 0, nil
	}
}

// StagedChange implements engine.StagedChanges.
func (db *DB) StagedChange(ctx context.Context, merchant, id string) (c engine.StagedChange, err error) {
	err = engine.ErrNotFound
	if validID(merchant) && validID(id) {
		err = db.view(ctx, merchantPlace(merchant), func(from kv.Reader) (err error) {
			c, err = loadStagedChange(from, merchant, id)
			return err
		})
	}
	if err != nil {
		return engine.StagedChange{}, fmt.Errorf("staged change %s: %w", id, err)
	}
	return c, nil
}

// ListStagedChanges implements engine.StagedChanges. Cost: linear in the changes of the merchant that the filter leaves out.
func (db *DB) ListStagedChanges(ctx context.Context, merchant string, f engine.StagedFilter, p engine.Page) (out []engine.StagedChange, next string, err error) {
	if !validID(merchant) {
		return nil, "", nil
	}
	limit, prefix := pageLimit(p), under(changeKind)
	after := append(prefix[:len(prefix):len(prefix)], p.After...)
	err = db.view(ctx, merchantPlace(merchant), func(from kv.Reader) error {
		out, next = nil, ""
		for {
			pairs, err := from.List(prefix, after, scanPage)
			if err != nil {
				return err
			}
			for _, pair := range pairs {
				c, err := decodeStagedChange(pair.Value, merchant)
				if err != nil {
					return err
				}
				if f.CampaignID != "" && f.CampaignID != c.CampaignID || f.State != "" && f.State != c.State {
					continue
				}
				if len(out) == limit {
					next = out[limit-1].ID
					return nil
				}
				out = append(out, c)
			}
			if len(pairs) < scanPage {
				return nil
			}
			after = pairs[len(pairs)-1].Key
		}
	})
	if err != nil {
		return nil, "", fmt.Errorf("list staged changes: %w", err)
	}
	return out, next, nil
}

// PutStagedChange implements engine.StagedChanges.
func (db *DB) PutStagedChange(ctx context.Context, w engine.Write, c engine.StagedChange) (engine.StagedChange, error) {
	err := checkID("id", c.ID)
	if err == nil {
		err = checkID("campaign_id", c.CampaignID)
	}
	if err == nil {
		err = db.needMerchant(ctx, c.MerchantID)
	}
	if err == nil {
		err = db.update(ctx, merchantPlace(c.MerchantID), key(changeKind, c.ID), func(tx kv.Tx) error {
			was, err := earlier(tx, w.Once, staging)
			if err != nil {
				return err
			}
			if was != nil {
				if c, err = loadStagedChange(tx, c.MerchantID, was.id); err == nil {
					asFirst(&c, was.version)
					c.DecidedBy, c.Decided, c.Note = "", time.Time{}, ""
				}
				return err
			}
			return stage(tx, w, &c)
		})
	}
	if err != nil {
		return engine.StagedChange{}, fmt.Errorf("stage change of campaign %s: %w", c.CampaignID, err)
	}
	return c, nil
}

func stage(tx kv.Tx, w engine.Write, c *engine.StagedChange) error {
	head, err := campaigns(c.MerchantID).load(tx, c.CampaignID)
	if err != nil {
		return err
	}
	if err := meets(engine.Precondition{Absent: c.Absent, Version: c.Base}, head); err != nil {
		return err
	}
	if head == nil && c.Campaign == nil {
		return engine.ErrNotFound
	}
	if c.Campaign != nil && c.Campaign.Status != engine.StatusArchived {
		faults, err := unknownVenues(tx, c.Campaign)
		if err != nil {
			return err
		}
		if err := faults.Err(); err != nil {
			return err
		}
	}
	c.By, c.Created, c.LiveAt = w.By, stamp(w.At), stampOrZero(c.LiveAt)
	entry := auditOf(&w, engine.ChangeStaged, c.MerchantID, c.ID)
	entry.Action, entry.Detail = engine.AuditStaged, "campaign "+c.CampaignID
	return errors.Join(putStagedChange(tx, c, ""), audit(tx, entry), remember(tx, w.Once, staging, c.ID, stateNumber(c.State)))
}

// SettleStagedChange implements engine.StagedChanges.
func (db *DB) SettleStagedChange(ctx context.Context, w engine.Write, merchant, id string, decide func(*engine.StagedChange, *engine.Campaign) (*engine.Campaign, error)) (c engine.StagedChange, err error) {
	err = engine.ErrNotFound
	if validID(merchant) && validID(id) {
		err = db.update(ctx, merchantPlace(merchant), key(changeKind, id), func(tx kv.Tx) error {
			was, err := earlier(tx, w.Once, settling)
			if err != nil {
				return err
			}
			if c, err = loadStagedChange(tx, merchant, id); err != nil {
				return err
			}
			if was != nil {
				asFirst(&c, was.version)
				return nil
			}
			return settle(tx, w, &c, decide)
		})
	}
	if err != nil {
		return engine.StagedChange{}, fmt.Errorf("settle change %s: %w", id, err)
	}
	return c, nil
}

// settle does what decide says, in the transaction.
func settle(tx kv.Tx, w engine.Write, c *engine.StagedChange, decide func(*engine.StagedChange, *engine.Campaign) (*engine.Campaign, error)) error {
	r, was := campaigns(c.MerchantID), c.State
	head, err := r.load(tx, c.CampaignID)
	if err != nil {
		return err
	}
	var now *engine.Campaign
	var links venueLinks
	if head != nil {
		if now, err = r.value(*head); err != nil {
			return err
		}
		links = linksOf(now)
		links.ids = append([]string(nil), links.ids...)
	}
	next, err := decide(c, now)
	if err != nil {
		return err
	}
	if next != nil {
		if err := meets(engine.Precondition{Absent: c.Absent, Version: c.Base}, head); err != nil {
			return err
		}
		next.ID, next.MerchantID = c.CampaignID, c.MerchantID
		if err := links.become(tx, next); err != nil {
			return err
		}
		if c.Version, err = makeStaged(tx, w, c, head, next); err != nil {
			return err
		}
	}
	entry := auditOf(&w, engine.ChangeStaged, c.MerchantID, c.ID)
	if entry.Detail == "" {
		entry.Detail = "campaign " + c.CampaignID
	}
	if entry.Action != "" {
		err = audit(tx, entry)
	}
	return errors.Join(err, putStagedChange(tx, c, was), remember(tx, w.Once, settling, c.ID, stateNumber(c.State)))
}

// makeStaged stores what a change makes of its campaign as the next version, by the key that asked for it.
func makeStaged(tx kv.Tx, w engine.Write, c *engine.StagedChange, head *record, next *engine.Campaign) (uint64, error) {
	body, err := encodeBody(next, writeCampaign)
	if err != nil {
		return 0, err
	}
	made, err := campaigns(c.MerchantID).supersede(tx, c.CampaignID, head, body, w.At, c.By)
	if err != nil {
		return 0, err
	}
	detail := "change " + c.ID
	if c.Detail != "" {
		detail = c.Detail + ", " + detail
	}
	entry := engine.AuditEntry{
		Time: w.At, By: c.By, Action: c.Action, Kind: engine.ChangeCampaign, MerchantID: c.MerchantID, ID: c.CampaignID, To: made.meta.Version, Detail: detail,
	}
	if head != nil {
		entry.From = head.meta.Version
	}
	return made.meta.Version, errors.Join(
		emit(tx, engine.Change{Kind: engine.ChangeCampaign, MerchantID: c.MerchantID, ID: c.CampaignID, Before: entry.From, After: made.meta.Version}),
		audit(tx, entry),
	)
}

// EachScheduledChange implements engine.StagedChanges. Cost: a read a merchant, and the changes that are scheduled.
func (db *DB) EachScheduledChange(ctx context.Context, fn func(engine.StagedRef) error) error {
	return each(ctx, db, merchants(), func(m engine.Merchant) error {
		prefix := under(momentKind)
		var after []byte
		for {
			var refs []engine.StagedRef
			err := db.view(ctx, merchantPlace(m.ID), func(from kv.Reader) error {
				refs = nil
				pairs, err := from.List(prefix, after, scanPage)
				for _, pair := range pairs {
					rest := pair.Key[len(prefix):]
					if len(rest) < 9 {
						return corrupt("%q is no key of a moment", pair.Key)
					}
					at := time.UnixMilli(int64(binary.BigEndian.Uint64(rest))).UTC()
					refs = append(refs, engine.StagedRef{LiveAt: at, MerchantID: m.ID, ID: string(rest[8:])})
					after = pair.Key
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("read scheduled changes of merchant %s: %w", m.ID, err)
			}
			for _, ref := range refs {
				if err := fn(ref); err != nil {
					return err
				}
			}
			if len(refs) < scanPage {
				return nil
			}
		}
	})
}
