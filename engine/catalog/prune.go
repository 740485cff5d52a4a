package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
)

// firstEnd is the number of the first row that ends something: behind every row of a file.
const firstEnd = 1 << 40

// prune stages the end of what the merchant has and a full feed does not name: its campaigns are archived, its venues deleted. Nothing is ended, and the
// import blocked, where that would be more than a share of what there is; nothing is ended either beside faulty rows, of which nobody knows what they name.
// A venue that a campaign names stays, and is told of. In a dry run all is told and nothing staged.
func (u *upload) prune(ctx context.Context) (blocked bool, err error) {
	if !u.report.Prune {
		return false, nil
	}
	if u.report.Rejected > 0 {
		u.report.Detail = fmt.Sprintf("nothing was ended: %d faulty rows may be what is missing", u.report.Rejected)
		return false, nil
	}
	gone, total, err := u.unnamed(ctx)
	if err != nil || len(gone) == 0 {
		return false, err
	}
	share := u.report.PruneShare
	if share == 0 {
		share = engine.DefaultPruneShare
	}
	if float64(len(gone)) > share*float64(total) {
		u.report.Detail = fmt.Sprintf("the file does not name %d of %d %s, %.4g %%: more than the %.4g %% that may be ended", len(gone), total, u.report.Kind,
			100*float64(len(gone))/float64(total), 100*share)
		u.fault(engine.RowFault{Fault: engine.Fault{Path: "prune_share", Code: "prune_share", Message: u.report.Detail}, Column: "prune_share"})
		return true, nil
	}
	for n := 0; n < len(gone); n += ImportBatch {
		if err := u.end(ctx, n, gone[n:min(n+ImportBatch, len(gone))]); err != nil {
			return false, err
		}
	}
	return false, nil
}

// unnamed lists what the merchant has and the file does not name, and counts all that it has. Archived campaigns have ended already.
func (u *upload) unnamed(ctx context.Context) (gone []string, total int, err error) {
	keep := func(id string) {
		total++
		if _, named := u.seen[id]; !named {
			gone = append(gone, id)
		}
	}
	store, merchant := u.service.store, u.report.MerchantID
	for page := (engine.Page{Limit: ImportBatch}); ; {
		next := ""
		if u.report.Kind == engine.ImportVenues {
			var venues []engine.Venue
			venues, next, err = store.ListVenues(ctx, merchant, page)
			for i := range venues {
				keep(venues[i].ID)
			}
		} else {
			var campaigns []engine.Campaign
			campaigns, next, err = store.ListCampaigns(ctx, merchant, page)
			for i := range campaigns {
				if campaigns[i].Status != engine.StatusArchived {
					keep(campaigns[i].ID)
				}
			}
		}
		if err != nil {
			return nil, 0, fmt.Errorf("list %s of %s: %w", u.report.Kind, merchant, err)
		}
		if next == "" {
			return gone, total, nil
		}
		page.After = next
	}
}

// end stages the end of some, the first of which is the n-th.
func (u *upload) end(ctx context.Context, n int, ids []string) error {
	var rows []engine.ImportRow
	for _, id := range ids {
		row := engine.ImportRow{Row: firstEnd + n + len(rows), End: true}
		if u.report.Kind == engine.ImportVenues {
			row.Venue = &engine.Venue{ID: id, MerchantID: u.report.MerchantID}
		} else {
			c, err := u.service.store.Campaign(ctx, u.report.MerchantID, id)
			if errors.Is(err, engine.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			c.Status = engine.StatusArchived
			row.Campaign = &c
		}
		rows = append(rows, row)
	}
	diffs, err := u.service.store.DiffRows(ctx, u.report.MerchantID, rows)
	if err != nil {
		return err
	}
	free := rows[:0]
	for i, row := range rows {
		if user := diffs[i].User; user != "" {
			u.report.Rejected++
			u.fault(engine.RowFault{Column: u.teller.Column("id"), Value: row.Venue.ID, Fault: engine.Fault{
				Path: "id", Code: "in_use", Message: fmt.Sprintf("venue %s is not in the file and cannot be deleted: campaign %s names it", row.Venue.ID, user),
			}})
			continue
		}
		free = append(free, row)
	}
	switch {
	case len(free) == 0:
		return nil
	case u.report.DryRun:
		return u.compare(ctx, free)
	}
	return u.service.store.StageRows(ctx, u.report.ImportID, free)
}
