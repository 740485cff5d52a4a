package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sihai-network/sihai/engine/wire"
)

// EraseUser begins to erase what is known of a user, or returns the erasure that is under way.
func (c *Client) EraseUser(ctx context.Context, user string) (e wire.Erasure, err error) {
	err = c.send(ctx, http.MethodDelete, "/v1/users/"+url.PathEscape(user), nil, nil, &e)
	return e, err
}

// Erasure tells how far an erasure has come.
func (c *Client) Erasure(ctx context.Context, id string) (e wire.Erasure, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/erasures/"+url.PathEscape(id), nil, nil, &e)
	return e, err
}

// Erasures lists erasures in the order of time.
func (c *Client) Erasures(ctx context.Context, p Page) (l wire.List[wire.Erasure], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/erasures", p.query(""), nil, &l)
	return l, err
}
