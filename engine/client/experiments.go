package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sihai-network/sihai/engine/wire"
)

func experimentPath(id string) string { return "/v1/experiments/" + url.PathEscape(id) }

// Experiments lists the experiments by ID.
func (c *Client) Experiments(ctx context.Context, p Page) (l wire.List[wire.Experiment], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/experiments", p.query(""), nil, &l)
	return l, err
}

// Experiment returns an experiment.
func (c *Client) Experiment(ctx context.Context, id string) (out wire.Experiment, err error) {
	err = c.send(ctx, http.MethodGet, experimentPath(id), nil, nil, &out)
	return out, err
}

// CreateExperiment makes a new experiment, a draft.
func (c *Client) CreateExperiment(ctx context.Context, e wire.Experiment) (out wire.Experiment, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/experiments", nil, e, &out)
	return out, err
}

// PutExperiment makes an experiment, or replaces a draft.
func (c *Client) PutExperiment(ctx context.Context, e wire.Experiment) (out wire.Experiment, err error) {
	err = c.send(ctx, http.MethodPut, experimentPath(e.ID), nil, e, &out)
	return out, err
}

// ExperimentVersions lists the versions of an experiment, newest first.
func (c *Client) ExperimentVersions(ctx context.Context, id string, p Page) (l wire.List[wire.Experiment], err error) {
	err = c.send(ctx, http.MethodGet, experimentPath(id)+"/versions", p.query(""), nil, &l)
	return l, err
}

// StartExperiment lets users in.
func (c *Client) StartExperiment(ctx context.Context, id string) (out wire.Experiment, err error) {
	err = c.send(ctx, http.MethodPost, experimentPath(id)+"/start", nil, nil, &out)
	return out, err
}

// StopExperiment ends an experiment at once, for a reason that may be empty.
func (c *Client) StopExperiment(ctx context.Context, id, reason string) (out wire.Experiment, err error) {
	err = c.send(ctx, http.MethodPost, experimentPath(id)+"/stop", nil, wire.Stop{Reason: reason}, &out)
	return out, err
}

// ExperimentResults tells what came of an experiment so far.
func (c *Client) ExperimentResults(ctx context.Context, id string) (out wire.ExperimentResults, err error) {
	err = c.send(ctx, http.MethodGet, experimentPath(id)+"/results", nil, nil, &out)
	return out, err
}
