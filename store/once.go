package store

import (
	"context"
	"encoding/hex"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

var _ engine.OnceIndex = (*DB)(nil)

// oncePlace spreads the notes of idempotency keys over 256 partitions, by the first byte of the hash that the key of a receipt ends with.
func oncePlace(receipt []byte) kv.Part {
	return kv.Part("o/" + hex.EncodeToString(receipt[2:3]))
}

// OnceCampaign implements engine.OnceIndex.
func (db *DB) OnceCampaign(ctx context.Context, once *engine.Once) (c engine.CampaignRef, found bool, err error) {
	at := receiptKey(once)
	err = db.kv.View(ctx, oncePlace(at), func(from kv.Reader) error {
		c, found, err = value(from, at, readOnceNote)
		return err
	})
	return c, found, Translate(err)
}

// NoteOnce implements engine.OnceIndex.
func (db *DB) NoteOnce(ctx context.Context, once *engine.Once, c engine.CampaignRef) error {
	at := receiptKey(once)
	return Translate(db.kv.Update(ctx, oncePlace(at), at, func(tx kv.Tx) error { return putValue(tx, at, &c, writeOnceNote) }))
}

func writeOnceNote(m *message, c *engine.CampaignRef) {
	m.str(1, c.MerchantID)
	m.str(2, c.CampaignID)
}

func readOnceNote(c *engine.CampaignRef, f *field) {
	switch f.num {
	case 1:
		c.MerchantID = f.str()
	case 2:
		c.CampaignID = f.str()
	}
}
