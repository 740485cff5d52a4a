package api

import (
	"bufio"
	"context"
	"net/http"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

const ndjson = "application/x-ndjson"

// exportBuffer is how many bytes of an export are gathered before they are sent.
const exportBuffer = 32 << 10

// exportMovements answers GET /v1/ledger/export. Each movement is written as it is read: memory is constant whatever there is.
func exportMovements(c *call) error {
	return c.lines(func(ctx context.Context, out *bufio.Writer) error {
		return c.api.Redeemer.EachMovement(ctx, c.Query("merchant"), c.Query("after"), func(m *engine.AccountMovement) error {
			line, err := marshal(wire.MovementOf(m))
			if err == nil {
				_, err = out.Write(line)
			}
			return err
		})
	})
}

// lines answers with lines of JSON as they are made.
func (c *call) lines(write func(context.Context, *bufio.Writer) error) error {
	c.cut = true // until all is written: what was sent is no whole answer
	out := bufio.NewWriterSize(&patientWriter{c.Writer, http.NewResponseController(c.Writer), c.api.UploadIdle}, exportBuffer)
	err := write(c.ctx(), out)
	if err == nil {
		err = out.Flush()
	}
	c.cut = err != nil && c.Writer.Written()
	if err == nil && !c.Writer.Written() {
		c.Data(http.StatusOK, ndjson, nil)
	}
	return err
}

// patientWriter gives every write a time of its own: a long answer may take as long as it moves.
type patientWriter struct {
	to   http.ResponseWriter
	rc   *http.ResponseController
	idle time.Duration
}

func (w *patientWriter) Write(b []byte) (int, error) {
	w.to.Header().Set("Content-Type", ndjson)
	_ = w.rc.SetWriteDeadline(time.Now().Add(w.idle)) // a server without deadlines has none to set
	return w.to.Write(b)
}
