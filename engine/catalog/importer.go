package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// ImportBatch is the number of rows that an upload holds in memory at once, besides the ID of each.
const ImportBatch = 1_000

// dropWait bounds how long a failed upload is cleaned up after its caller has gone.
const dropWait = 10 * time.Second

// checkpointEvery is after how many rows the record of a spooled import says how far its staged rows go.
const checkpointEvery = 5 * ImportBatch

// RunImport reads rows to the end, checks each, and makes all of them current, or the good ones if i is Partial, or none.
//
// The report counts as accepted the rows without a fault, whether or not they went in: its state says that. Of rows with one
// ID the first counts and the others are faulty. A dry run reads the same, leaves no record and changes nothing; it alone lists what would change. Where
// w.Once was used before, the earlier upload's report is returned and no row is read; ErrOnceBusy while it is still read.
// An i that is to Prune ends besides what the file does not name, see prune. The error is Faults for an i that asks for something there is not, ErrNotFound without
// its merchant, and ErrNoRoom where the new rows do not fit into memory.
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
	u := newUpload(s, w, &report, rows)
	err = u.run(ctx, rows, progress)
	if err == nil {
		err = u.finish(ctx)
	}
	if err != nil {
		return engine.Import{}, errors.Join(fmt.Errorf("import %s: %w", report.Kind, err), u.drop(ctx))
	}
	if !report.DryRun {
		s.ended(ctx, &report)
	}
	return report, nil
}

// ended is where every import that is on record ends.
func (s *Service) ended(ctx context.Context, report *engine.Import) {
	if s.importEnded != nil {
		s.importEnded(ctx, *report)
	}
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
	if !(i.PruneShare >= 0 && i.PruneShare <= 1) {
		k.add("prune_share", "out_of_range", "%v is not between 0 and 1", i.PruneShare)
	}
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
		State: engine.ImportStaging, Started: w.At, By: w.By, Feed: i.Feed, Prune: i.Prune, PruneShare: i.PruneShare,
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
	teller  engine.RowTeller
	bytes   uint64 // that the new rows so far need in memory, where that is bounded
	told    int    // bytes of the faults and changes in the report
	skip    int    // rows that an earlier run has counted and staged
	read    func() int64
}

func newUpload(s *Service, w engine.Write, report *engine.Import, rows engine.RowReader) *upload {
	teller, ok := rows.(engine.RowTeller)
	if !ok {
		teller = plainTeller{rows}
	}
	return &upload{service: s, write: w, report: report, seen: make(map[string]int), teller: teller}
}

// plainTeller speaks of rows by the paths of their members.
type plainTeller struct{ engine.RowReader }

func (p plainTeller) Column(path string) string {
	if named, ok := p.RowReader.(interface{ Column(path string) string }); ok {
		return named.Column(path)
	}
	return path
}

func (plainTeller) Value(string, string) string { return "" }

func (plainTeller) PassedOver() []string { return nil }

func (plainTeller) Compare(_, _ *engine.ImportRow) []engine.FieldChange { return nil }

// run reads the rows to the end and stages those that are good.
func (u *upload) run(ctx context.Context, rows engine.RowReader, progress func(rows int)) error {
	if progress == nil {
		progress = func(int) {}
	}
	if err := u.loadVenues(ctx); err != nil {
		return err
	}
	for skipped := 0; ; {
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
		if skipped < u.skip {
			skipped++
			if err := u.pass(ctx, row); err != nil {
				return err
			}
			continue
		}
		u.report.Rows++
		u.report.Through = row.Row
		if err := u.take(ctx, row); err != nil {
			return fmt.Errorf("check row %d: %w", row.Row, err)
		}
		if u.report.Rows%ImportBatch == 0 {
			if err := u.flush(ctx); err != nil {
				return err
			}
			progress(u.report.Rows)
		}
		if err := u.checkpoint(ctx); err != nil {
			return err
		}
	}
	if err := u.flush(ctx); err != nil {
		return err
	}
	u.report.PassedOver = u.teller.PassedOver()
	progress(u.report.Rows)
	return nil
}

// pass goes over a row that an earlier run has judged.
func (u *upload) pass(ctx context.Context, row engine.ImportRow) error {
	id := ""
	switch {
	case row.Venue != nil:
		id = row.Venue.ID
	case row.Campaign != nil:
		id = row.Campaign.ID
	}
	if _, twice := u.seen[id]; isID(id) && !twice {
		u.seen[strings.Clone(id)] = row.Row
	}
	if len(row.Faults) > 0 || !u.service.room.bounded() || u.report.DryRun {
		return nil
	}
	if u.batch = append(u.batch, row); len(u.batch) < ImportBatch {
		return nil
	}
	batch := u.batch
	u.batch = u.batch[:0]
	return u.fit(ctx, batch)
}

// checkpoint keeps how far a spooled import has come. Its rows up to there are staged.
func (u *upload) checkpoint(ctx context.Context) error {
	if !u.report.Spooled || u.report.Rows%checkpointEvery != 0 {
		return nil
	}
	if u.read != nil {
		u.report.Read = u.read()
	}
	return u.service.store.SaveImport(ctx, *u.report)
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
		if i < len(decoded) {
			u.fault(decoded[i])
			continue
		}
		u.fault(engine.RowFault{Row: row.Row, Column: u.teller.Column(f.Path), Fault: f})
	}
	if len(merged) > 0 {
		u.report.Rejected++
		return nil
	}
	u.report.Accepted++
	u.batch = append(u.batch, row)
	return nil
}

// maxToldBytes bounds the faults and the changes that a report lists, about.
const maxToldBytes = 2 << 20

// fault puts a fault of the current row into the report while there is room, with what stands at its place.
func (u *upload) fault(f engine.RowFault) {
	if len(u.report.Faults) >= engine.MaxRowFaults || u.told > maxToldBytes {
		u.report.MoreFaults++
		return
	}
	if f.Value == "" && f.Row > 0 {
		f.Value = u.teller.Value(f.Column, f.Path)
	}
	u.report.Faults = append(u.report.Faults, f)
	u.told += len(f.Column) + len(f.Path) + len(f.Message) + len(f.Value) + len(f.Code) + 16
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
	diffs, err := u.service.store.DiffRows(ctx, u.report.MerchantID, batch)
	if err != nil {
		return err
	}
	for i := range batch {
		if diffs[i].Kind == engine.DiffAdded {
			u.bytes += footprint(&batch[i])
		}
	}
	return room.admit(u.bytes, fmt.Sprintf("row 1 to %d of the upload", batch[len(batch)-1].Row))
}

// compare counts what a batch would add, change, end and leave as it is, and lists it while there is room.
func (u *upload) compare(ctx context.Context, batch []engine.ImportRow) error {
	diffs, err := u.service.store.DiffRows(ctx, u.report.MerchantID, batch)
	if err != nil {
		return err
	}
	for i := range diffs {
		switch diffs[i].Kind {
		case engine.DiffAdded:
			u.report.Added++
		case engine.DiffChanged:
			u.report.Changed++
		case engine.DiffEnded:
			u.report.Ended++
		default:
			u.report.Same++
			continue
		}
		u.change(&batch[i], &diffs[i])
	}
	return nil
}

func (u *upload) change(row *engine.ImportRow, d *engine.RowDiff) {
	if len(u.report.Changes) >= engine.MaxRowChanges || u.told > maxToldBytes {
		u.report.MoreChanges++
		return
	}
	c := engine.RowChange{Row: row.Row, Kind: d.Kind, ID: idOf(row)}
	if row.End {
		c.Row = 0
	}
	if d.Kind == engine.DiffChanged {
		c.Fields = u.teller.Compare(&d.Before, row)
	}
	for _, f := range c.Fields {
		u.told += len(f.Path) + len(f.Before) + len(f.After) + 8
	}
	u.told += len(c.ID) + 16
	u.report.Changes = append(u.report.Changes, c)
}

func idOf(row *engine.ImportRow) string {
	switch {
	case row.Venue != nil:
		return row.Venue.ID
	case row.Campaign != nil:
		return row.Campaign.ID
	}
	return ""
}

// finish makes the staged rows current, or drops them if any row is faulty and the upload is all or none.
func (u *upload) finish(ctx context.Context) error {
	blocked, err := u.prune(ctx)
	if err != nil {
		return err
	}
	u.report.Finished = u.service.now()
	u.report.Read = u.report.Size
	u.report.State = engine.ImportDone
	if blocked || u.report.Rejected > 0 && !u.report.Partial {
		u.report.State = engine.ImportFailed
	}
	switch {
	case u.report.DryRun && u.report.Spooled:
		return u.service.store.SaveImport(ctx, *u.report)
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
