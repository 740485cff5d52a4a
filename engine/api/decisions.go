package api

import (
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring"
)

// buffers keeps the buffers of bodies and answers between requests.
type buffers struct{ pool sync.Pool }

// freshBuffer is how large one is at first.
const freshBuffer = 4 << 10

func (b *buffers) take() *[]byte {
	if buf, ok := b.pool.Get().(*[]byte); ok {
		return buf
	}
	buf := make([]byte, 0, freshBuffer)
	return &buf
}

func (b *buffers) put(buf *[]byte) {
	if cap(*buf) <= 1<<20 {
		*buf = (*buf)[:0]
		b.pool.Put(buf)
	}
}

// decide answers POST /v1/decisions.
func decide(c *call) error {
	buf := c.api.buffers.take()
	defer c.api.buffers.put(buf)
	data, err := c.readBodyInto(*buf)
	if err != nil {
		return err
	}
	r, err := wire.DecodeRequest(data)
	if err != nil {
		return err
	}
	switch {
	case r.Time.IsZero():
		r.Time = c.now
	case c.key.Role == engine.RoleApp:
		return engine.Faults{{Path: "time", Code: "forbidden", Message: "is for analysts and operators only: leave it out"}}
	}
	if len(r.Partners) == 0 {
		r.Partners = c.key.Partners
	}
	c.fingerprint(data)
	d, err := c.api.Decider.Decide(c.ctx(), r, c.once)
	if err != nil {
		return err
	}
	c.api.metrics.decided(d)
	*buf = wire.AppendDecision((*buf)[:0], d) // over the body, of which nothing is needed any more
	c.sendJSON(http.StatusOK, *buf)
	return nil
}

// recorded answers GET /v1/decisions/{id}.
func recorded(c *call) error {
	d, err := c.api.Decider.Decision(c.ctx(), c.Param("id"))
	if err != nil {
		return err
	}
	data, err := wire.AppendRecord(nil, d)
	if err != nil {
		return err
	}
	c.sendJSON(http.StatusOK, data)
	return nil
}

// replay answers POST /v1/decisions/{id}/replay.
func replay(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	ref, err := wire.DecodeReplay(data)
	if err != nil {
		return err
	}
	was, err := c.api.Decider.Decision(c.ctx(), c.Param("id"))
	if err != nil {
		return err
	}
	var profile *scoring.Profile
	if ref != nil {
		p, err := c.api.Store.Profile(c.ctx(), ref.Name, ref.Version)
		if errors.Is(err, engine.ErrNotFound) {
			return engine.Faults{{Path: "scoring_profile", Code: "not_found", Message: fmt.Sprintf("there is no version %d of a profile %q", ref.Version, ref.Name)}}
		}
		if err != nil {
			return err
		}
		profile = &p
	}
	is, err := c.api.Replayer.Replay(c.ctx(), was, profile)
	if err != nil {
		return err
	}
	answer, err := wire.AppendReplay(nil, was, is)
	if err != nil {
		return err
	}
	c.sendJSON(http.StatusOK, answer)
	return nil
}

// takeEvents answers POST /v1/events.
func takeEvents(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	events, err := wire.DecodeEvents(data, c.now.UTC())
	if err != nil {
		return err
	}
	c.fingerprint(data)
	if err := c.api.Events.TakeEvents(c.ctx(), c.once, events); err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.Taken{Accepted: len(events)})
}
