package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// readNothing reads a body in which nothing is said.
func (c *call) readNothing() error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	if text := bytes.TrimSpace(data); len(text) > 0 && string(text) != "{}" {
		return engine.Faults{{Code: "unknown_field", Message: "there is nothing to say here: send no body, or {}"}}
	}
	c.fingerprint(data)
	return nil
}

// pending answers 202 where an error says that a change was taken and waits for an approval, and returns any other error.
func (c *call) pending(err error) error {
	var waits *engine.PendingApproval
	if !errors.As(err, &waits) {
		return err
	}
	c.Header("Location", "/v1/changes/"+waits.Change.ID)
	return c.change(http.StatusAccepted, &waits.Change)
}

// change answers a write with a change. It is not compared with its campaign, which may be another when the write is repeated.
func (c *call) change(status int, e *engine.StagedChange) error {
	sent := wire.ChangeOf(e, nil)
	sent.Difference = nil
	return c.answer(status, sent)
}

// changeOf writes a change, compared with its campaign as it is.
func (c *call) changeOf(e *engine.StagedChange) (wire.Change, error) {
	now, err := c.api.Store.Campaign(c.ctx(), e.MerchantID, e.CampaignID)
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return wire.ChangeOf(e, nil), nil
	case err != nil:
		return wire.Change{}, err
	}
	return wire.ChangeOf(e, &now), nil
}

// stageChange answers POST /v1/campaigns/{id}/changes.
func stageChange(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	c.fingerprint(data)
	e, faults := wire.DecodeChange(data)
	w, err := c.conditional()
	if err != nil {
		return err
	}
	e.MerchantID, e.CampaignID = c.owner, c.Param("id")
	if own := e.Campaign; own != nil {
		if own.MerchantID != "" && own.MerchantID != c.owner {
			faults.Add("campaign.merchant_id", "invalid", "%.64q is not %q, whose campaign this is", own.MerchantID, c.owner)
		}
		own.MerchantID = c.owner
	}
	if len(faults) > 0 {
		return together(faults, func() engine.Faults {
			if e.Campaign == nil {
				return nil
			}
			return c.api.Catalog.CheckCampaign(e.Campaign).Under("campaign")
		})
	}
	e, err = c.api.Stager.StageChange(c.ctx(), w, e)
	if err != nil {
		return err
	}
	c.Header("Location", "/v1/changes/"+e.ID)
	return c.change(http.StatusCreated, &e)
}

// campaignChanges answers GET /v1/campaigns/{id}/changes. A campaign that does not exist, and of which no change was ever asked for, is not found.
func campaignChanges(c *call) error {
	return c.listChanges(engine.StagedFilter{CampaignID: c.Param("id"), State: engine.StagedState(c.Query("state"))}, func(none bool) error {
		if !none {
			return nil
		}
		_, err := c.api.Store.Campaign(c.ctx(), c.owner, c.Param("id"))
		if !errors.Is(err, engine.ErrNotFound) {
			return err
		}
		any, _, listing := c.api.Store.ListStagedChanges(c.ctx(), c.owner, engine.StagedFilter{CampaignID: c.Param("id")}, engine.Page{Limit: 1})
		if listing != nil || len(any) > 0 {
			return listing
		}
		return err
	})
}

// merchantChanges answers GET /v1/changes.
func merchantChanges(c *call) error {
	if _, err := c.api.Store.Merchant(c.ctx(), c.owner); err != nil {
		return err
	}
	return c.listChanges(engine.StagedFilter{State: engine.StagedState(c.Query("state"))}, func(bool) error { return nil })
}

// listChanges answers with a page of the owner's changes, once known has seen whether there are none.
func (c *call) listChanges(f engine.StagedFilter, known func(none bool) error) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	switch f.State {
	case "", engine.StagedPending, engine.StagedScheduled, engine.StagedMade, engine.StagedFailed, engine.StagedRejected, engine.StagedCancelled:
	default:
		return engine.Faults{{Path: "state", Code: "invalid", Message: "is none of pending, scheduled, made, failed, rejected, cancelled"}}
	}
	page, next, err := c.api.Store.ListStagedChanges(c.ctx(), c.owner, f, p)
	if err == nil {
		err = known(len(page) == 0)
	}
	if err != nil {
		return err
	}
	list := wire.List[wire.Change]{Data: make([]wire.Change, len(page)), NextCursor: cursor(next)}
	for i := range page {
		if list.Data[i], err = c.changeOf(&page[i]); err != nil {
			return err
		}
	}
	return c.answer(http.StatusOK, list)
}

// getChange answers GET /v1/changes/{id}.
func getChange(c *call) error {
	e, err := c.api.Store.StagedChange(c.ctx(), c.owner, c.Param("id"))
	if err != nil {
		return err
	}
	sent, err := c.changeOf(&e)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, sent)
}

// settleChange answers POST /v1/changes/{id}/approve, reject and cancel.
func settleChange(settle func(engine.Stager) func(context.Context, engine.Write, string, string, string) (engine.StagedChange, error)) func(*call) error {
	return func(c *call) error {
		data, err := c.readBody()
		if err != nil {
			return err
		}
		c.fingerprint(data)
		note := ""
		if len(bytes.TrimSpace(data)) > 0 {
			var faults engine.Faults
			if note, faults = wire.DecodeWord(data); len(faults) > 0 {
				return faults
			}
		}
		e, err := settle(c.api.Stager)(c.ctx(), c.write(), c.owner, c.Param("id"), note)
		if err != nil {
			return err
		}
		c.published()
		return c.change(http.StatusOK, &e)
	}
}

// listAudit answers GET /v1/audit: a merchant's own, or what an operator asks for; without a merchant what no merchant owns.
func listAudit(c *call) error {
	merchant := c.Query("merchant")
	if c.key.Role == engine.RoleMerchant || merchant != "" {
		var err error
		if merchant, err = c.merchant(merchant); err != nil {
			return err
		}
		if _, err := c.api.Store.Merchant(c.ctx(), merchant); err != nil {
			return err
		}
	}
	return list(c, func(ctx context.Context, p engine.Page) ([]engine.AuditEntry, string, error) {
		return c.api.Store.AuditEntries(ctx, merchant, p)
	}, wire.AuditEntryOf)
}
