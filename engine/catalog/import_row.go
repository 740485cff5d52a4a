package catalog

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// check tells the faults of a row, by itself and beside the others of its file, and brings a good one into the form in which
// it is stored. An error is a failure to look.
func (u *upload) check(ctx context.Context, row *engine.ImportRow) (engine.Faults, error) {
	switch {
	case u.report.Kind == engine.ImportVenues && row.Venue != nil:
		return u.checkVenue(row)
	case u.report.Kind == engine.ImportCampaigns && row.Campaign != nil:
		return u.checkCampaign(ctx, row)
	case len(row.Faults) > 0:
		return nil, nil // they stand in the place of a value
	}
	var k checker
	k.add("", "required", "the row holds nothing for an upload of %s", u.report.Kind)
	return k.faults, nil
}

func (u *upload) checkVenue(row *engine.ImportRow) (engine.Faults, error) {
	v := row.Venue
	var k checker
	u.owner(&k, &v.MerchantID)
	u.onlyOnce(&k, v.ID, row.Row)
	faults := k.faults.Merge(u.service.CheckVenue(v))
	if len(faults) > 0 {
		return faults, nil
	}
	normalizeVenue(v)
	return u.service.fillZone(v)
}

func (u *upload) checkCampaign(ctx context.Context, row *engine.ImportRow) (engine.Faults, error) {
	c := row.Campaign
	var k checker
	u.owner(&k, &c.MerchantID)
	u.onlyOnce(&k, c.ID, row.Row)
	for i, id := range c.Venues.IDs {
		if isID(id) && !u.venues[id] {
			k.add(at("venues.ids", i), "unknown_venue", "%s has no venue %s", u.report.MerchantID, id)
		}
	}
	faults := k.faults.Merge(u.service.CheckCampaign(c))
	if len(faults) > 0 {
		return faults, nil
	}
	normalizeCampaign(c)
	stored, err := u.service.store.Campaign(ctx, c.MerchantID, c.ID)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return staysArchived(stored.Status, c.Status), nil
}

// owner fills in the merchant of a row, or tells that it is another than the upload's.
func (u *upload) owner(k *checker, id *string) {
	switch *id {
	case "":
		*id = u.report.MerchantID
	case u.report.MerchantID:
	default:
		k.add("merchant_id", "invalid", "the upload is of merchant %s", u.report.MerchantID)
	}
}

// onlyOnce tells of an ID that an earlier row has.
func (u *upload) onlyOnce(k *checker, id string, row int) {
	if !isID(id) {
		return
	}
	if first, twice := u.seen[id]; twice {
		k.add("id", "duplicate", "rows %d and %d both have the ID %s", first, row, id)
		return
	}
	u.seen[strings.Clone(id)] = row // the ID may be a part of the whole row's text, which is not to be kept
}

// refuse makes the report of an upload whose rows the store would not take, because venues that they name have gone since
// they were checked. Its paths begin with rows[<row>].
func (u *upload) refuse(ctx context.Context, faults engine.Faults) error {
	rows := make(map[int]bool)
	for _, f := range faults {
		row, path := splitRow(f.Path)
		rows[row] = true
		if row >= firstEnd {
			row = 0 // the file does not name it
		}
		f.Path = path
		u.report.Faults = append(u.report.Faults, engine.RowFault{Row: row, Column: u.teller.Column(path), Fault: f})
	}
	slices.SortStableFunc(u.report.Faults, func(a, b engine.RowFault) int { return a.Row - b.Row })
	u.report.Rejected += len(rows)
	u.report.Accepted -= len(rows)
	u.report.State = engine.ImportFailed
	return u.service.store.DropImport(ctx, *u.report)
}

// splitRow takes the row off a path such as rows[12].venues.ids[0]; row 0 for a path without one.
func splitRow(path string) (row int, rest string) {
	inner, found := strings.CutPrefix(path, "rows[")
	if !found {
		return 0, path
	}
	number, rest, _ := strings.Cut(inner, "]")
	row, err := strconv.Atoi(number)
	if err != nil {
		return 0, path
	}
	return row, strings.TrimPrefix(rest, ".")
}

// drop leaves a record of an upload that failed, also when its caller has gone. What was committed stays.
func (u *upload) drop(ctx context.Context) error {
	if u.report.DryRun {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropWait)
	defer cancel()
	u.report.State = engine.ImportFailed
	u.report.Finished = u.service.now()
	err := u.service.store.DropImport(ctx, *u.report)
	if errors.Is(err, engine.ErrStale) {
		return nil // it was committed before the failure
	}
	return err
}
