package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// auditLog is the log of what is done to a merchant and what it owns; of the platform's own things for no merchant.
func auditLog(merchant string) kv.Log {
	if merchant == "" {
		return "audit"
	}
	return kv.Log("audit/" + merchant)
}

// audit tells the audit log, in the transaction that makes the change.
func audit(tx kv.Tx, e engine.AuditEntry) error {
	e.Time = stamp(e.Time)
	if e.Action == "" {
		e.Action = engine.AuditChanged
		if e.From == 0 {
			e.Action = engine.AuditCreated
		}
	}
	payload, err := encode(&e, writeAudit)
	if err != nil {
		return err
	}
	return tx.Emit(auditLog(e.MerchantID), payload)
}

// auditOf begins the entry of a write.
func auditOf(w *engine.Write, kind engine.ChangeKind, merchant, id string) engine.AuditEntry {
	return engine.AuditEntry{Time: w.At, By: w.By, Action: w.Action, Kind: kind, MerchantID: merchant, ID: id, Detail: w.Detail}
}

// AuditEntries implements engine.AuditLog. A merchant that does not exist has none.
func (db *DB) AuditEntries(ctx context.Context, merchant string, p engine.Page) ([]engine.AuditEntry, string, error) {
	if merchant != "" && !validID(merchant) {
		return nil, "", nil
	}
	log := auditLog(merchant)
	last, err := db.kv.Head(ctx, log)
	if err != nil {
		return nil, "", fmt.Errorf("list audit log: %w", Translate(err))
	}
	if p.After != "" {
		before, err := strconv.ParseUint(p.After, 10, 64)
		if err != nil || before == 0 {
			var f engine.Faults
			f.Add("cursor", "invalid", "%.40q is no entry", p.After)
			return nil, "", f
		}
		last = min(last, before-1)
	}
	first := last - min(last, uint64(pageLimit(p)))
	entries, err := db.kv.Changes(ctx, log, first, int(last-first))
	if err != nil {
		return nil, "", fmt.Errorf("list audit log: %w", Translate(err))
	}
	out := make([]engine.AuditEntry, len(entries))
	for i, e := range entries {
		if out[i], err = decode(e.Payload, readAudit); err != nil {
			return nil, "", fmt.Errorf("read audit entry %d: %w", e.Seq, err)
		}
		out[i].Seq = e.Seq
	}
	slices.Reverse(out)
	next := ""
	if first > 0 {
		next = strconv.FormatUint(first+1, 10)
	}
	return out, next, nil
}

func writeAudit(m *message, e *engine.AuditEntry) {
	m.time(1, e.Time)
	m.str(2, e.By)
	m.str(3, string(e.Action))
	m.str(4, string(e.Kind))
	m.str(5, e.MerchantID)
	m.str(6, e.ID)
	m.uint(7, e.From)
	m.uint(8, e.To)
	m.str(9, e.ImportID)
	m.str(10, e.Detail)
}

func readAudit(e *engine.AuditEntry, f *field) {
	switch f.num {
	case 1:
		e.Time = f.time()
	case 2:
		e.By = f.str()
	case 3:
		e.Action = engine.AuditAction(f.word())
	case 4:
		e.Kind = engine.ChangeKind(f.word())
	case 5:
		e.MerchantID = f.str()
	case 6:
		e.ID = f.str()
	case 7:
		e.From = f.uint()
	case 8:
		e.To = f.uint()
	case 9:
		e.ImportID = f.str()
	case 10:
		e.Detail = f.str()
	}
}
