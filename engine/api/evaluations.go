package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring"
)

// evaluationRoutes say how good scoring profiles are, and what they would change.
func evaluationRoutes() []route {
	analysts := []engine.Role{engine.RoleAnalyst}
	return []route{
		{method: http.MethodPost, path: "/v1/evaluations", id: "evaluate", reads: true, tag: "scoring profiles", summary: "How well profiles order the offers of which it is known what came of them",
			description: "Beside the active profile and simple ways to order, with intervals over users and differences paired by user. At most two million offers are held, some 400 MB: of more a sample " +
				"is read, and one_in says of how many. One evaluation or simulation is made at a time; it ends with the connection, or after two minutes with 503.",
			roles: analysts, body: &body{shape: jsonBody[wire.EvaluationRequest]().shape, optional: true}, answers: []answer{ok[wire.Evaluation]("what was measured; nothing was changed")}, handle: evaluate},
		{method: http.MethodPost, path: "/v1/simulations", id: "simulate", reads: true, tag: "scoring profiles", summary: "What a profile would change in the last decisions",
			description: "Each decision is made again as things were then, and compared with what was answered. At most 20,000 are; a second catalog is held in memory meanwhile. It ends with the " +
				"connection, or after two minutes with 503.",
			roles: analysts, body: jsonBody[wire.SimulationRequest](), answers: []answer{ok[wire.Simulation]("what would change; nothing was changed")}, handle: simulate},
		{method: http.MethodGet, path: "/v1/evaluations/dataset", id: "exportDataset", tag: "scoring profiles", summary: "The log as the data set that evaluations and fits are made of, a list of offers as a line of JSON",
			description: "An answer that is whole ends as HTTP says; one that had to be broken off does not.",
			roles:       analysts,
			params: []param{
				{name: "from", in: "query", doc: "of the decisions, RFC 3339; 28 days before the end when left out", kind: "string"},
				{name: "until", in: "query", doc: "exclusive; now when left out", kind: "string"},
				{name: "label", in: "query", doc: "tap when left out", kind: "string", enum: labelNames()},
				{name: "currency", in: "query", doc: "of discount and purchase", kind: "string"},
				{name: "seen", in: "query", doc: "impressions when left out", kind: "string", enum: []string{string(engine.SeenImpressions), string(engine.SeenAnswers)}},
			},
			answers: []answer{{status: http.StatusOK, shape: reflect.TypeFor[wire.DatasetDecision](), media: ndjson, doc: "each line"}}, handle: exportDataset},
	}
}

func labelNames() (names []string) {
	for _, l := range engine.Labels() {
		names = append(names, string(l))
	}
	return names
}

// evaluate answers POST /v1/evaluations.
func evaluate(c *call) error {
	data, err := c.readJSONFile()
	if err != nil {
		return err
	}
	r, asked, faults := wire.DecodeEvaluation(data, c.now)
	for _, a := range asked {
		p, err := c.asked(a, &faults)
		if err != nil {
			return err
		}
		r.Profiles = append(r.Profiles, p)
	}
	if len(faults) > 0 {
		return faults
	}
	if len(asked) == 0 {
		active, err := c.active()
		if err != nil {
			return err
		}
		r.Profiles = []scoring.Profile{active}
	}
	ctx, cancel := c.takesLong()
	defer cancel()
	e, err := c.api.Evaluator.Evaluate(ctx, r)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.EvaluationOf(&e))
}

// active is the profile that decides now.
func (c *call) active() (scoring.Profile, error) {
	p, err := c.api.Store.ActiveProfile(c.ctx())
	if errors.Is(err, engine.ErrNotFound) {
		return scoring.Default(), nil
	}
	return p, err
}

// asked finds a profile; a fault where there is none.
func (c *call) asked(a wire.AskedProfile, faults *engine.Faults) (scoring.Profile, error) {
	if a.Draft != nil {
		return *a.Draft, nil
	}
	if a.Ref.Name == "" {
		return scoring.Profile{}, nil // of which there is a fault already
	}
	p, err := c.api.Store.Profile(c.ctx(), a.Ref.Name, a.Ref.Version)
	if errors.Is(err, engine.ErrNotFound) {
		what := fmt.Sprintf("there is no profile %q", a.Ref.Name)
		if a.Ref.Version > 0 {
			what = fmt.Sprintf("there is no version %d of a profile %q", a.Ref.Version, a.Ref.Name)
		}
		faults.Add(a.Path, "not_found", "%s", what)
		return p, nil
	}
	return p, err
}

// simulate answers POST /v1/simulations.
func simulate(c *call) error {
	data, err := c.readJSONFile()
	if err != nil {
		return err
	}
	r, asked, faults := wire.DecodeSimulation(data, c.now)
	if r.Profile, err = c.asked(asked, &faults); err != nil {
		return err
	}
	if len(faults) > 0 {
		return faults
	}
	ctx, cancel := c.takesLong()
	defer cancel()
	s, err := c.api.Evaluator.Simulate(ctx, r)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.SimulationOf(&s))
}

// exportDataset answers GET /v1/evaluations/dataset. Each line is written as it is read.
func exportDataset(c *call) error {
	r, faults := wire.DatasetSpan(c.Query("from"), c.Query("until"), c.Query("label"), c.Query("currency"), c.Query("seen"), c.now)
	if len(faults) > 0 {
		return faults
	}
	return c.lines(func(ctx context.Context, out *bufio.Writer) error {
		var line []byte
		return c.api.Evaluator.EachGroup(ctx, r, func(g *engine.DatasetGroup) (err error) {
			if line, err = wire.AppendDataset(line[:0], g); err != nil {
				return err
			}
			_, err = out.Write(line)
			return err
		})
	})
}
