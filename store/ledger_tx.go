package store

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// The first letters of the keys of an account, and of the list of accounts.
const (
	accountKind    = 'a'
	headKind       = 'a'
	codeBatchKind  = 'g'
	movementKind   = 'e'
	voucherKind    = 'k'
	redemptionKind = 'r'
	userBalance    = 'u'
	venueBalance   = 'v'
	holdKind       = 'x'
)

// accountReader reads the account of a campaign.
type accountReader struct {
	kv.Reader
	of engine.CampaignRef
}

// accountTx writes it.
type accountTx struct {
	accountReader
	tx kv.Tx
}

var (
	_ engine.AccountReader = (*accountReader)(nil)
	_ engine.AccountTx     = (*accountTx)(nil)
)

// value reads a key and decodes it; found is false when there is none.
func value[T any](from kv.Reader, key []byte, read func(*T, *field)) (v T, found bool, err error) {
	bytes, err := from.Get(key)
	if errors.Is(err, kv.ErrNotFound) {
		return v, false, nil
	}
	if err != nil {
		return v, false, err
	}
	if v, err = decode(bytes, read); err != nil {
		return v, false, fmt.Errorf("read %q: %w", key, err)
	}
	return v, true, nil
}

// Head implements engine.AccountReader.
func (a *accountReader) Head() (engine.AccountHead, error) {
	h, _, err := value(a.Reader, []byte{headKind}, readHead)
	h.Balance.Per = engine.PerCampaign
	return h, err
}

// Balance implements engine.AccountReader.
func (a *accountReader) Balance(k engine.BalanceKey) (engine.Balance, error) {
	at, err := balanceAt(k)
	if err != nil {
		return engine.Balance{}, err
	}
	b, _, err := value(a.Reader, at, readBalance)
	b.BalanceKey = k
	return b, err
}

func balanceAt(k engine.BalanceKey) ([]byte, error) {
	switch k.Per {
	case engine.PerVenue:
		return key(venueBalance, k.ID), nil
	case engine.PerUser:
		hash, err := hex.DecodeString(k.ID)
		return append(under(userBalance), hash...), err
	}
	return nil, fmt.Errorf("%q is no scope of a balance of its own", k.Per)
}

func balanceKeyOf(at []byte) engine.BalanceKey {
	if at[0] == userBalance {
		return engine.BalanceKey{Per: engine.PerUser, ID: hex.EncodeToString(at[2:])}
	}
	return engine.BalanceKey{Per: engine.PerVenue, ID: string(at[2:])}
}

// uuidOf returns the part of a redemption's ID that its key holds.
func uuidOf(id string) string { return id[:min(len(id), 36)] }

// Redemption implements engine.AccountReader.
func (a *accountReader) Redemption(id string) (engine.Redemption, error) {
	bytes, err := a.Get(key(redemptionKind, uuidOf(id)))
	if err != nil {
		return engine.Redemption{}, absent(err)
	}
	return redemptionOf(a.of, uuidOf(id), bytes)
}

func redemptionOf(c engine.CampaignRef, uuid string, bytes []byte) (engine.Redemption, error) {
	r, err := decode(bytes, readRedemption)
	if err != nil {
		return r, fmt.Errorf("read redemption %s: %w", uuid, err)
	}
	r.ID, r.MerchantID, r.CampaignID = engine.RedemptionID(uuid, c), c.MerchantID, c.CampaignID
	return r, nil
}

// Code implements engine.AccountReader.
func (a *accountReader) Code(code string) (engine.Code, error) {
	c, found, err := value(a.Reader, append(under(voucherKind), code...), readVoucher)
	if err == nil && !found {
		err = engine.ErrNotFound
	}
	c.Code = code
	return c, err
}

// Batch implements engine.AccountReader.
func (a *accountReader) Batch(id string) ([]string, error) {
	codes, found, err := value(a.Reader, key(codeBatchKind, id), readBatch)
	if err == nil && !found {
		err = engine.ErrNotFound
	}
	return codes, err
}

// Movement implements engine.AccountReader.
func (a *accountReader) Movement(number uint64) (engine.Movement, error) {
	bytes, err := a.Get(numbered(under(movementKind), number))
	if err != nil {
		return engine.Movement{}, absent(err)
	}
	return movementOf(bytes, number)
}

func movementOf(bytes []byte, number uint64) (engine.Movement, error) {
	m, err := decode(bytes, readMovement)
	if err != nil {
		return m, fmt.Errorf("read movement %d: %w", number, err)
	}
	m.Number = number
	return m, nil
}

// Holds implements engine.AccountReader.
func (a *accountReader) Holds(after time.Time, limit int) ([]engine.Hold, error) {
	prefix := under(holdKind)
	var from []byte
	if !after.IsZero() {
		from = numbered(prefix[:len(prefix):len(prefix)], uint64(after.UnixMilli())+1)
	}
	pairs, err := a.List(prefix, from, limit)
	holds := make([]engine.Hold, 0, len(pairs))
	for _, p := range pairs {
		rest := p.Key[len(prefix):]
		if len(rest) < 8 {
			return nil, corrupt("%q is no key of a hold", p.Key)
		}
		ends := time.UnixMilli(int64(binary.BigEndian.Uint64(rest))).UTC()
		holds = append(holds, engine.Hold{ExpiresAt: ends, ID: engine.RedemptionID(string(rest[8:]), a.of)})
	}
	return holds, err
}

func holdKey(r *engine.Redemption) []byte {
	return append(numbered(under(holdKind), uint64(r.ExpiresAt.UnixMilli())), uuidOf(r.ID)...)
}

// Earlier implements engine.AccountReader.
func (a *accountReader) Earlier(once *engine.Once, kind engine.MovementKind) (*engine.MoveReceipt, error) {
	was, err := earlier(a.Reader, once, string(kind))
	if err != nil || was == nil {
		return nil, err
	}
	return &engine.MoveReceipt{ID: was.id, Number: was.version}, nil
}

func putValue[T any](tx kv.Tx, at []byte, v *T, write func(*message, *T)) error {
	bytes, err := encode(v, write)
	if err != nil {
		return err
	}
	return tx.Put(at, bytes)
}

// PutHead implements engine.AccountTx.
func (a *accountTx) PutHead(h *engine.AccountHead) error {
	return putValue(a.tx, []byte{headKind}, h, writeHead)
}

// PutBalance implements engine.AccountTx.
func (a *accountTx) PutBalance(b *engine.Balance) error {
	at, err := balanceAt(b.BalanceKey)
	if err != nil {
		return err
	}
	return putValue(a.tx, at, b, writeBalance)
}

// PutRedemption implements engine.AccountTx.
func (a *accountTx) PutRedemption(was, r *engine.Redemption) error {
	if was != nil && was.Status == engine.Reserved {
		if err := a.tx.Delete(holdKey(was)); err != nil {
			return err
		}
	}
	if r.Status == engine.Reserved {
		if err := a.tx.Put(holdKey(r), []byte{valueVersion}); err != nil {
			return err
		}
	}
	return putValue(a.tx, key(redemptionKind, uuidOf(r.ID)), r, writeRedemption)
}

// PutCode implements engine.AccountTx.
func (a *accountTx) PutCode(c *engine.Code) error {
	return putValue(a.tx, append(under(voucherKind), c.Code...), c, writeVoucher)
}

// PutBatch implements engine.AccountTx.
func (a *accountTx) PutBatch(id string, codes []string) error {
	return putValue(a.tx, key(codeBatchKind, id), &codes, writeBatch)
}

// PutMovement implements engine.AccountTx.
func (a *accountTx) PutMovement(m *engine.Movement) error {
	if m.Kind == engine.MoveCodes {
		entry := engine.AuditEntry{
			Time: m.Time, By: m.By, Action: engine.AuditCodes, Kind: engine.ChangeCampaign, MerchantID: a.of.MerchantID, ID: a.of.CampaignID,
			Detail: fmt.Sprintf("%d codes of batch %s", m.Codes, m.RedemptionID),
		}
		if err := audit(a.tx, entry); err != nil {
			return err
		}
	}
	return putValue(a.tx, numbered(under(movementKind), m.Number), m, writeMovement)
}

// Remember implements engine.AccountTx.
func (a *accountTx) Remember(once *engine.Once, kind engine.MovementKind, r engine.MoveReceipt) error {
	return remember(a.tx, once, string(kind), r.ID, r.Number)
}
