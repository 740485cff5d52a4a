package client

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/sihai-network/sihai/engine/wire"
)

// Validate asks whether an order would hold.
func (c *Client) Validate(ctx context.Context, o wire.Order) (v wire.Validation, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/validations", nil, o, &v)
	return v, err
}

// Reserve holds an offer. One that does not hold is a *Problem with its reasons; so it is with every other step.
func (c *Client) Reserve(ctx context.Context, o wire.Order) (r wire.Redemption, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/reservations", nil, o, &r)
	return r, err
}

// Confirm uses what is held.
func (c *Client) Confirm(ctx context.Context, id string) (r wire.Redemption, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/reservations/"+url.PathEscape(id)+"/confirm", nil, nil, &r)
	return r, err
}

// Release lets go of what is held.
func (c *Client) Release(ctx context.Context, id string) (r wire.Redemption, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/reservations/"+url.PathEscape(id)+"/release", nil, nil, &r)
	return r, err
}

// Redeem uses an offer at once.
func (c *Client) Redeem(ctx context.Context, o wire.Order) (r wire.Redemption, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/redemptions", nil, o, &r)
	return r, err
}

// Redemption returns a redemption or a reservation.
func (c *Client) Redemption(ctx context.Context, id string) (r wire.Redemption, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/redemptions/"+url.PathEscape(id), nil, nil, &r)
	return r, err
}

// Rollback undoes an amount of a redemption's discount; nil: all that is left.
func (c *Client) Rollback(ctx context.Context, id string, amount *wire.Money) (r wire.Redemption, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/redemptions/"+url.PathEscape(id)+"/rollbacks", nil, wire.Rollback{Amount: amount}, &r)
	return r, err
}

// AddCodes gives a campaign voucher codes; an empty merchant is the key's own.
func (c *Client) AddCodes(ctx context.Context, merchant, campaign string, b wire.CodeBatch) (out wire.CodeBatch, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/campaigns/"+url.PathEscape(campaign)+"/codes", Page{}.query(merchant), b, &out)
	return out, err
}

// Codes lists a campaign's voucher codes.
func (c *Client) Codes(ctx context.Context, merchant, campaign string, p Page) (l wire.List[wire.Code], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/campaigns/"+url.PathEscape(campaign)+"/codes", p.query(merchant), nil, &l)
	return l, err
}

// Audit computes every balance of the ledger again and tells what does not agree; an empty merchant is all of them.
func (c *Client) Audit(ctx context.Context, merchant string) (a wire.Audit, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/ledger/audit", Page{}.query(merchant), nil, &a)
	return a, err
}

// Movements lists the entries of the ledger; an empty merchant is all of them.
func (c *Client) Movements(ctx context.Context, merchant string, p Page) (l wire.List[wire.Movement], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/ledger/movements", p.query(merchant), nil, &l)
	return l, err
}

// ExportMovements calls each with every entry of the ledger as a line of JSON, its end included, in the order of Movements and in constant memory; an empty merchant is
// all of them. after is where to go on, as merchant/campaign/number of the last line that arrived; empty: at the beginning. It returns an error unless all arrived. The
// line is the client's, and valid until each returns.
func (c *Client) ExportMovements(ctx context.Context, merchant, after string, each func(line []byte) error) error {
	q := Page{}.query(merchant)
	if after != "" {
		q.Set("after", after)
	}
	r := request{method: http.MethodGet, path: "/v1/ledger/export", query: q}
	body, err := c.stream(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 16<<20)
	lines.Split(wholeLines)
	for lines.Scan() {
		if err := each(lines.Bytes()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s %s: read answer: %w", r.method, r.path, err)
	}
	return nil
}

// wholeLines splits into lines with their ends. What a broken answer leaves of a line is none.
func wholeLines(data []byte, _ bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	return 0, nil, nil
}
