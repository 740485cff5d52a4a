package store

import (
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// earlier returns what an idempotency key of a caller did before: nil for nothing, engine.ErrOnceConflict when it was
// another request.
func earlier(r kv.Reader, once *engine.Once, kind string) (*receipt, error) {
	if once == nil {
		return nil, nil
	}
	value, err := r.Get(receiptKey(once))
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	was, err := decode(value, readReceipt)
	if err != nil {
		return nil, fmt.Errorf("read receipt: %w", err)
	}
	if was.fingerprint != once.Fingerprint || was.kind != kind {
		return nil, engine.ErrOnceConflict
	}
	return &was, nil
}

// remember keeps what an idempotency key did. It does nothing without one.
func remember(tx kv.Tx, once *engine.Once, kind, id string, version uint64) error {
	if once == nil {
		return nil
	}
	value, err := encode(&receipt{once.Fingerprint, kind, id, version}, writeReceipt)
	if err != nil {
		return err
	}
	return tx.Put(receiptKey(once), value)
}
