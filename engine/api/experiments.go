package api

import (
	"context"
	"net/http"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// experimentRoutes compare scoring profiles on live travellers.
func experimentRoutes() []route {
	analysts := []engine.Role{engine.RoleAnalyst}
	tag := "experiments"
	return []route{
		{method: http.MethodGet, path: "/v1/experiments", id: "listExperiments", tag: tag, summary: "Experiments by ID",
			roles: analysts, params: pageParams(), answers: []answer{ok[wire.List[wire.Experiment]]("a page")}, handle: listExperiments},
		{method: http.MethodPost, path: "/v1/experiments", id: "createExperiment", tag: tag, summary: "A new experiment, which is a draft until it is started",
			roles: analysts, body: jsonBody[wire.Experiment](), answers: []answer{created[wire.Experiment]("made").tagged()}, handle: createExperiment},
		{method: http.MethodGet, path: "/v1/experiments/{id}", id: "getExperiment", tag: tag, summary: "An experiment",
			roles: analysts, answers: []answer{ok[wire.Experiment]("the experiment").tagged()}, handle: getExperiment},
		{method: http.MethodPut, path: "/v1/experiments/{id}", id: "putExperiment", tag: tag, summary: "Make an experiment, or replace a draft; once started it does not change (409)",
			roles: analysts, params: []param{ifMatch(), ifNoneMatch()}, body: jsonBody[wire.Experiment](),
			answers: []answer{ok[wire.Experiment]("replaced").tagged(), created[wire.Experiment]("made").tagged()}, handle: putExperiment},
		{method: http.MethodGet, path: "/v1/experiments/{id}/versions", id: "listExperimentVersions", tag: tag, summary: "Every version of an experiment, newest first",
			roles: analysts, params: pageParams(), answers: []answer{ok[wire.List[wire.Experiment]]("a page")}, handle: listExperimentVersions},
		{method: http.MethodPost, path: "/v1/experiments/{id}/start", id: "startExperiment", tag: tag,
			summary: "Assign users from now on, or from its start on; 409 overlapping_experiment where another one has users in common",
			roles:   analysts, params: []param{ifMatch()}, answers: []answer{ok[wire.Experiment]("as it is now").tagged()}, handle: startExperiment},
		{method: http.MethodPost, path: "/v1/experiments/{id}/stop", id: "stopExperiment", tag: tag, summary: "End an experiment at once; a draft is called off",
			roles: analysts, params: []param{ifMatch()}, body: &body{shape: jsonBody[wire.Stop]().shape, optional: true},
			answers: []answer{ok[wire.Experiment]("as it is now").tagged()}, handle: stopExperiment},
		{method: http.MethodGet, path: "/v1/experiments/{id}/results", id: "getExperimentResults", tag: tag, summary: "What came of an experiment so far",
			description: "The intervals of differences hold at all looks at once: results may be looked at on any day, and acted upon.",
			roles:       analysts, answers: []answer{ok[wire.ExperimentResults]("the results")}, handle: experimentResults},
	}
}

func (c *call) experimentOf(e *engine.Experiment) wire.Experiment { return wire.ExperimentOf(e, c.now) }

// listExperiments answers GET /v1/experiments.
func listExperiments(c *call) error {
	return list(c, c.api.Store.ListExperiments, c.experimentOf)
}

// readExperiment reads an experiment, with everything that is wrong with it.
func (c *call) readExperiment(id string) (engine.Experiment, error) {
	data, err := c.readBody()
	if err != nil {
		return engine.Experiment{}, err
	}
	c.fingerprint(data)
	e, faults := wire.DecodeExperiment(data)
	if id != "" && e.ID != "" && e.ID != id {
		faults.Add("id", "invalid", "%.64q is not %q, which the path names", e.ID, id)
	}
	if len(faults) == 0 {
		return e, nil
	}
	more, err := c.api.Experiments.CheckExperiment(c.ctx(), c.now, &e)
	if err != nil {
		return e, err
	}
	return e, together(faults, func() engine.Faults { return more })
}

// createExperiment answers POST /v1/experiments.
func createExperiment(c *call) error {
	e, err := c.readExperiment("")
	if err != nil {
		return err
	}
	w := c.write()
	w.If.Absent = true
	if e, err = c.api.Experiments.PutExperiment(c.ctx(), w, e); err != nil {
		return err
	}
	c.Header("Location", "/v1/experiments/"+e.ID)
	return c.versioned(http.StatusCreated, e.Meta.Version, c.experimentOf(&e))
}

// putExperiment answers PUT /v1/experiments/{id}.
func putExperiment(c *call) error {
	e, err := c.readExperiment(c.Param("id"))
	if err != nil {
		return err
	}
	w, err := c.conditional()
	if err != nil {
		return err
	}
	if e, err = c.api.Experiments.PutExperiment(c.ctx(), w, e); err != nil {
		return err
	}
	return c.put(e.Meta.Version, c.experimentOf(&e))
}

// getExperiment answers GET /v1/experiments/{id}.
func getExperiment(c *call) error {
	e, err := c.api.Store.Experiment(c.ctx(), c.Param("id"), 0)
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, e.Meta.Version, c.experimentOf(&e))
}

// listExperimentVersions answers GET /v1/experiments/{id}/versions.
func listExperimentVersions(c *call) error {
	return list(c, func(ctx context.Context, p engine.Page) ([]engine.Experiment, string, error) {
		return c.api.Store.ExperimentVersions(ctx, c.Param("id"), p)
	}, c.experimentOf)
}

// startExperiment answers POST /v1/experiments/{id}/start.
func startExperiment(c *call) error {
	if err := c.readNothing(); err != nil {
		return err
	}
	w, err := c.conditional()
	if err != nil {
		return err
	}
	e, err := c.api.Experiments.StartExperiment(c.ctx(), w, c.Param("id"))
	if err != nil {
		return err
	}
	c.published()
	return c.versioned(http.StatusOK, e.Meta.Version, c.experimentOf(&e))
}

// stopExperiment answers POST /v1/experiments/{id}/stop.
func stopExperiment(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	c.fingerprint(data)
	reason, faults := wire.DecodeStop(data)
	if len(faults) > 0 {
		return faults
	}
	w, err := c.conditional()
	if err != nil {
		return err
	}
	e, err := c.api.Experiments.StopExperiment(c.ctx(), w, c.Param("id"), reason)
	if err != nil {
		return err
	}
	c.published()
	return c.versioned(http.StatusOK, e.Meta.Version, c.experimentOf(&e))
}

// experimentResults answers GET /v1/experiments/{id}/results.
func experimentResults(c *call) error {
	ctx, cancel := c.takesLong()
	defer cancel()
	r, err := c.api.Results.ExperimentResults(ctx, c.Param("id"), c.now)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.ExperimentResultsOf(&r, c.now))
}
