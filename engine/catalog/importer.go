package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// ImportBatch is the number of rows that an upload holds in memory at once, besides the ID of each.
const ImportBatch = 1_000

// dropWait bounds how long a failed upload is cleaned up after its caller has gone.
const dropWait = 10 * time.Second

// RunImport reads rows to the end, checks each, and makes all of them current, or the good ones if i is Partial, or none.
//
// The report counts as accepted the rows without a fault, whether or not they went in: its state says that. Of rows with one
// ID the first counts and the others are faulty. A dry run reads the same, leaves no record and changes nothing. Where
// w.Once was used before, the earlier upload's report is returned and no row is read; ErrOnceBusy while it is still read.
// A reader with a method Column(path string) string names the columns of faults by it. The error is Faults for an i that asks for something there is not, ErrNotFound without its merchant, and
// ErrNoRoom where the new rows do not fit into memory.
func (s *Service) RunImport(ctx context.Context, w engine.Write, i engine.Import, rows engine.RowReader, progress func(rows int)) (engine.Import, error) {
	report, err := s.newImport(ctx, w, i)
	if err != nil {
		return engine.Import{}, err
	}
	if !report.DryRun {
		begun, err := s.store.BeginImport(ctx, w, report)
		if err != nil {
			return engine.Import{}, err
		}
		if begun.ID != report.ID || begun.State != engine.ImportStaging {
			return replayedImport(begun)
		}
		report = begun
	}
	u := &upload{service: s, write: w, report: &report, seen: make(map[string]int), column: columnOf(rows)}
	err = u.run(ctx, rows, progress)
	if err == nil {
		err = u.finish(ctx)
	}
	if err != nil {
		return engine.Import{}, errors.Join(fmt.Errorf("import %s: %w", report.Kind, err), u.drop(ctx))
	}
	return report, nil
}

// replayedImport answers for an upload whose idempotency key was used before.
func replayedImport(earlier engine.Import) (engine.Import, error) {
	if earlier.State == engine.ImportStaging {
		return engine.Import{}, fmt.Errorf("import %s: %w", earlier.ID, engine.ErrOnceBusy)
	}
	return earlier, nil
}

// newImport checks what is asked for and returns an empty report of it.
func (s *Service) newImport(ctx context.Context, w engine.Write, i engine.Import) (engine.Import, error) {
	var k checker
	k.id("merchant_id", i.MerchantID)
	among(&k, "kind", i.Kind, engine.ImportVenues, engine.ImportCampaigns)
	if err := k.faults.Err(); err != nil {
		return engine.Import{}, err
	}
	if _, err := s.store.Merchant(ctx, i.MerchantID); err != nil {
		return engine.Import{}, fmt.Errorf("import for merchant %s: %w", i.MerchantID, err)
	}
	if i.Kind == engine.ImportCampaigns && !i.DryRun {
		waits, err := s.needsApproval(ctx, i.MerchantID, w.By)
		if err != nil {
			return engine.Import{}, err
		}
		if waits {
			k.add("merchant", "approval_required", "changes of campaigns of %s need another key's approval, which an upload cannot wait for: put them one by one, or have an operator upload them", i.MerchantID)
			return engine.Import{}, k.faults
		}
	}
	if i.ID == "" {
		id, err := engine.IDs{Random: s.random}.New(w.At)
		if err != nil {
			return engine.Import{}, fmt.Errorf("name import: %w", err)
		}
		i.ID = id
	}
	return engine.Import{
		ImportID: i.ImportID, Kind: i.Kind, Format: i.Format, DryRun: i.DryRun, Partial: i.Partial,
		State: engine.ImportStaging, Started: w.At, By: w.By,
	}, nil
}

// upload is one run of an import.
type upload struct {
	service *Service
	write   engine.Write
	report  *engine.Import
	seen    map[string]int  // row of each ID so far
	venues  map[string]bool // the merchant's, for campaigns to name
	batch   []engine.ImportRow
	column  func(path string) string // by which the file calls a member
	bytes   uint64                   // that the new rows so far need in memory, where that is bounded
}

// columnOf returns how a reader names the place of a fault: by its own Column method where it has one, as a reader of CSV
// needs, and by the path otherwise.
func columnOf(rows engine.RowReader) func(path string) string {
	if named, ok := rows.(interface{ Column(path string) string }); ok {
		return named.Column
	}
	return func(path string) string { return path }
}

// run reads the rows to the end and stages those that are good.
func (u *upload) run(ctx context.Context, rows engine.RowReader, progress func(rows int)) error {
	if progress == nil {
		progress = func(int) {}
	}
	if err := u.loadVenues(ctx); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read row after %d: %w", u.report.Rows, err)
		}
		u.report.Rows++
		if err := u.take(ctx, row); err != nil {
			return fmt.Errorf("check row %d: %w", row.Row, err)
		}
		if u.report.Rows%ImportBatch == 0 {
			if err := u.flush(ctx); err != nil {
				return err
			}
			progress(u.report.Rows)
		}
	}
	if err := u.flush(ctx); err != nil {
		return err
	}
	progress(u.report.Rows)
	return nil
}

// loadVenues reads the IDs of the venues that campaigns may name.
func (u *upload) loadVenues(ctx context.Context) error {
	if u.report.Kind != engine.ImportCampaigns {
		return nil
	}
	u.venues = make(map[string]bool)
	page := engine.Page{Limit: ImportBatch}
	for {
		venues, next, err := u.service.store.ListVenues(ctx, u.report.MerchantID, page)
		if err != nil {
			return fmt.Errorf("list venues of %s: %w", u.report.MerchantID, err)
		}
		for i := range venues {
			u.venues[venues[i].ID] = true
		}
		if next == "" {
			return nil
		}
		page.After = next
	}
}

// take checks a row and counts it; a good one joins the batch.
func (u *upload) take(ctx context.Context, row engine.ImportRow) error {
	decoded := row.Faults
	var known engine.Faults
	for _, f := range decoded {
		known = append(known, f.Fault)
	}
	found, err := u.check(ctx, &row)
	if err != nil {
		return err
	}
	merged := known.Merge(found)
	for i, f := range merged {
		fault := engine.RowFault{Row: row.Row, Column: u.column(f.Path), Fault: f}
		if i < len(decoded) {
			fault = decoded[i]
		}
		u.fault(fault)
	}
	if len(merged) > 0 {
		u.report.Rejected++
		return nil
	}
	u.report.Accepted++
	u.batch = append(u.batch, row)
	return nil
}

// fault puts a fault into the report while there is room.
func (u *upload) fault(f engine.RowFault) {
	if len(u.report.Faults) < engine.MaxRowFaults {
		u.report.Faults = append(u.report.Faults, f)
		return
	}
	u.report.MoreFaults++
}

// flush stages the batch, or in a dry run compares it with what is stored. After a fault in an upload that is all or none
// nothing more is staged.
func (u *upload) flush(ctx context.Context) error {
	batch := u.batch
	u.batch = u.batch[:0]
	switch {
	case len(batch) == 0:
		return nil
	case u.report.DryRun:
		return u.compare(ctx, batch)
	case u.report.Rejected > 0 && !u.report.Partial:
		return nil
	}
	if err := u.fit(ctx, batch); err != nil {
		return err
	}
	return u.service.store.StageRows(ctx, u.report.ImportID, batch)
}

// fit returns engine.ErrNoRoom where the new rows of a batch, with those before it, do not fit into memory.
func (u *upload) fit(ctx context.Context, batch []engine.ImportRow) error {
	room := u.service.room
	if !room.bounded() {
		return nil
	}
	added, _, _, err := u.service.store.DiffRows(ctx, u.report.MerchantID, batch)
	if err != nil {
		return err
	}
	total := uint64(0)
	for i := range batch {
		total += footprint(&batch[i])
	}
	u.bytes += total * uint64(added) / uint64(len(batch))
	return room.admit(u.bytes, fmt.Sprintf("row 1 to %d of the upload", batch[len(batch)-1].Row))
}

// compare counts what a batch would add, change and leave as it is.
func (u *upload) compare(ctx context.Context, batch []engine.ImportRow) error {
	added, changed, same, err := u.service.store.DiffRows(ctx, u.report.MerchantID, batch)
	u.report.Added += added
	u.report.Changed += changed
	u.report.Same += same
	return err
}

// finish makes the staged rows current, or drops them if any row is faulty and the upload is all or none.
func (u *upload) finish(ctx context.Context) error {
	u.report.Finished = u.service.now()
	u.report.State = engine.ImportDone
	if u.report.Rejected > 0 && !u.report.Partial {
		u.report.State = engine.ImportFailed
	}
	switch {
	case u.report.DryRun:
		return nil
	case u.report.State == engine.ImportFailed:
		return u.service.store.DropImport(ctx, *u.report)
	}
	w := u.write
	w.If, w.Once = engine.Precondition{}, nil // BeginImport has kept the receipt
	committed, err := u.service.store.CommitImport(ctx, w, *u.report)
	var faults engine.Faults
	if errors.As(err, &faults) {
		return u.refuse(ctx, faults)
	}
	if err != nil {
		return err
	}
	*u.report = committed
	return nil
}
