package api

import (
	"bytes"
	"context"
	"net/http"
	"net/url"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

func (c *call) readOrder() (*engine.Order, error) {
	data, err := c.readBody()
	if err != nil {
		return nil, err
	}
	c.fingerprint(data)
	o, err := wire.DecodeOrder(data)
	if err == nil && len(o.Partners) == 0 && o.DecisionID == "" {
		o.Partners = c.key.Partners
	}
	return o, err
}

// validateOrder answers POST /v1/validations.
func validateOrder(c *call) error {
	o, err := c.readOrder()
	if err != nil {
		return err
	}
	v, err := c.api.Redeemer.Validate(c.ctx(), c.now, o)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.ValidationOf(&v))
}

// reserve answers POST /v1/reservations.
func reserve(c *call) error { return c.take("/v1/reservations/", c.api.Redeemer.Reserve) }

// redeem answers POST /v1/redemptions.
func redeem(c *call) error { return c.take("/v1/redemptions/", c.api.Redeemer.Redeem) }

// take does what is done with an order. The client's end does not end a commit that is under way.
func (c *call) take(path string, do func(context.Context, engine.Write, *engine.Order) (engine.Redemption, error)) error {
	o, err := c.readOrder()
	if err != nil {
		return err
	}
	r, err := do(context.WithoutCancel(c.ctx()), c.write(), o)
	if err != nil {
		return err
	}
	c.Header("Location", path+url.PathEscape(r.ID))
	return c.answer(http.StatusCreated, wire.RedemptionOf(&r))
}

// confirm answers POST /v1/reservations/{id}/confirm.
func confirm(c *call) error { return c.settle(c.api.Redeemer.Confirm) }

// release answers POST /v1/reservations/{id}/release.
func release(c *call) error { return c.settle(c.api.Redeemer.Release) }

func (c *call) settle(do func(context.Context, engine.Write, string) (engine.Redemption, error)) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	if text := bytes.TrimSpace(data); len(text) > 0 && string(text) != "{}" {
		return engine.Faults{{Code: "unknown_field", Message: "there is nothing to say here: send no body, or {}"}}
	}
	c.fingerprint(data)
	r, err := do(context.WithoutCancel(c.ctx()), c.write(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.RedemptionOf(&r))
}

// rollBack answers POST /v1/redemptions/{id}/rollbacks.
func rollBack(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	c.fingerprint(data)
	var amount engine.Money
	if len(bytes.TrimSpace(data)) > 0 {
		if amount, err = wire.DecodeRollback(data); err != nil {
			return err
		}
	}
	r, err := c.api.Redeemer.Rollback(context.WithoutCancel(c.ctx()), c.write(), c.Param("id"), amount)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.RedemptionOf(&r))
}

// getRedemption answers GET /v1/reservations/{id} and GET /v1/redemptions/{id}: a reservation that was used is a redemption.
func getRedemption(c *call) error {
	r, err := c.api.Redeemer.Redemption(c.ctx(), c.now, c.Param("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.RedemptionOf(&r))
}

// addCodes answers POST /v1/campaigns/{id}/codes.
func addCodes(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	c.fingerprint(data)
	batch, err := wire.DecodeCodeBatch(data)
	if err != nil {
		return err
	}
	if _, err := c.api.Store.Campaign(c.ctx(), c.owner, c.Param("id")); err != nil {
		return err
	}
	batch, err = c.api.Redeemer.AddCodes(context.WithoutCancel(c.ctx()), c.write(), engine.CampaignRef{MerchantID: c.owner, CampaignID: c.Param("id")}, batch)
	if err != nil {
		return err
	}
	if err := c.api.Catalog.RequireCode(context.WithoutCancel(c.ctx()), c.write(), c.owner, c.Param("id")); err != nil {
		return err
	}
	c.published()
	return c.answer(http.StatusCreated, wire.CodeBatchOf(&batch))
}

// listCodes answers GET /v1/campaigns/{id}/codes.
func listCodes(c *call) error {
	ref := engine.CampaignRef{MerchantID: c.owner, CampaignID: c.Param("id")}
	if _, err := c.api.Store.Campaign(c.ctx(), ref.MerchantID, ref.CampaignID); err != nil {
		return err
	}
	return list(c, func(ctx context.Context, p engine.Page) ([]engine.Code, string, error) {
		return c.api.Redeemer.ListCodes(ctx, ref, p)
	}, wire.CodeOf)
}

// verifyLedger answers GET /v1/ledger/audit.
func verifyLedger(c *call) error {
	audit, err := c.api.Redeemer.VerifyAccounts(c.ctx(), c.Query("merchant"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.AuditOf(&audit))
}

// listMovements answers GET /v1/ledger/movements.
func listMovements(c *call) error {
	return list(c, func(ctx context.Context, p engine.Page) ([]engine.AccountMovement, string, error) {
		return c.api.Redeemer.ListMovements(ctx, c.Query("merchant"), p)
	}, wire.MovementOf)
}
