package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// codeLetters are those of which codes are made: 32 that are not taken for one another. A code of n of them has 5 × n random bits.
const codeLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// AddCodes implements engine.Redeemer. The codes of a batch are added in one transaction; a code that is there already stays as it is.
func (b *Book) AddCodes(ctx context.Context, w engine.Write, ref engine.CampaignRef, batch engine.CodeBatch) (engine.CodeBatch, error) {
	if faults := checkBatch(&batch); len(faults) > 0 {
		return batch, faults
	}
	codes := batch.Codes
	if batch.Generate > 0 {
		var err error
		if codes, err = b.makeCodes(&batch); err != nil {
			return batch, err
		}
	}
	id, err := b.ids.New(w.At)
	if err != nil {
		return batch, fmt.Errorf("make an id: %w", err)
	}
	out := engine.CodeBatch{}
	note, err := b.noteKey(ctx, w.Once, ref)
	if err != nil {
		return batch, fmt.Errorf("add codes to campaign %s: %w", ref.CampaignID, err)
	}
	err = b.update(ctx, ref, w.At, w.By, func(a *account) error {
		was, err := a.Earlier(w.Once, engine.MoveCodes)
		if err != nil {
			return err
		}
		if was != nil {
			m, err := a.Movement(was.Number)
			if err != nil {
				return err
			}
			out = engine.CodeBatch{ID: was.ID, Uses: batch.Uses, Added: int(m.Codes)}
			out.Codes, err = a.Batch(was.ID)
			return err
		}
		added, err := a.addCodes(id, batch.Uses, codes)
		if err != nil {
			return err
		}
		out = engine.CodeBatch{ID: id, Uses: batch.Uses, Codes: codes, Added: added}
		note.begin(ctx)
		return a.Remember(w.Once, engine.MoveCodes, engine.MoveReceipt{ID: id, Number: a.head.Movements})
	})
	if noted := note.wait(); err == nil {
		err = noted
	}
	if err != nil {
		return batch, fmt.Errorf("add codes to campaign %s: %w", ref.CampaignID, err)
	}
	return out, nil
}

// addCodes keeps those codes that are new.
func (a *account) addCodes(batch string, uses int64, codes []string) (added int, err error) {
	for _, code := range codes {
		_, err := a.Code(code)
		if err == nil {
			continue
		}
		if !errors.Is(err, engine.ErrNotFound) {
			return 0, err
		}
		added++
		if err := a.PutCode(&engine.Code{Code: code, Uses: uses, Batch: batch}); err != nil {
			return 0, err
		}
	}
	a.head.Movements++
	a.head.Codes += int64(added)
	m := engine.Movement{Number: a.head.Movements, Kind: engine.MoveCodes, Time: a.at, By: a.by, RedemptionID: batch, Codes: int64(added)}
	return added, errors.Join(a.PutBatch(batch, codes), a.PutMovement(&m), a.PutHead(&a.head))
}

// checkBatch tells everything that is wrong with a batch, and puts its codes as they are compared.
func checkBatch(b *engine.CodeBatch) (faults engine.Faults) {
	if b.Uses < 1 || b.Uses > 1e9 {
		faults.Add("uses", "out_of_range", "%d is not between 1 and 1000000000", b.Uses)
	}
	b.Prefix = engine.NormalCode(b.Prefix)
	if b.Length == 0 {
		b.Length = engine.DefaultCodeLength
	}
	switch {
	case (b.Generate > 0) == (len(b.Codes) > 0):
		faults.Add("codes", "required", "either codes or how many to generate is needed")
	case len(b.Codes) > engine.MaxCodes:
		faults.Add("codes", "too_many", "%d codes, at most %d are taken at once", len(b.Codes), engine.MaxCodes)
	case b.Generate > engine.MaxCodes || b.Generate < 0:
		faults.Add("generate", "out_of_range", "%d is not between 1 and %d", b.Generate, engine.MaxCodes)
	case b.Generate > 0 && (b.Length < engine.MinCodeLength || b.Length+len(b.Prefix) > engine.MaxCodeLength):
		faults.Add("length", "out_of_range", "%d is not between %d, below which codes can be guessed, and %d with the prefix", b.Length, engine.MinCodeLength, engine.MaxCodeLength)
	}
	if b.Prefix != "" && !isCode(b.Prefix) {
		faults.Add("prefix", "invalid", "%.64q holds something else than letters, digits, - and _", b.Prefix)
	}
	b.Codes = slices.Clone(b.Codes)
	for i, code := range b.Codes {
		b.Codes[i] = engine.NormalCode(code)
		if !isCode(b.Codes[i]) {
			faults.Add(fmt.Sprintf("codes[%d]", i), "invalid", "%.64q is no code: 1 to %d letters, digits, - and _", code, engine.MaxCodeLength)
		}
	}
	return faults
}

// isCode reports whether a normal code can be one.
func isCode(code string) bool {
	if code == "" || len(code) > engine.MaxCodeLength {
		return false
	}
	return strings.IndexFunc(code, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) < 0
}

// makeCodes makes unguessable codes.
func (b *Book) makeCodes(batch *engine.CodeBatch) ([]string, error) {
	codes := make([]string, batch.Generate)
	random := make([]byte, batch.Length)
	for i := range codes {
		if _, err := io.ReadFull(b.ids.Random, random); err != nil {
			return nil, fmt.Errorf("read randomness: %w", err)
		}
		code := []byte(batch.Prefix)
		for _, x := range random {
			code = append(code, codeLetters[int(x)%len(codeLetters)])
		}
		codes[i] = string(code)
	}
	return codes, nil
}

// ListCodes implements engine.Redeemer.
func (b *Book) ListCodes(ctx context.Context, ref engine.CampaignRef, p engine.Page) ([]engine.Code, string, error) {
	return b.accounts.ListCodes(ctx, ref, p)
}
