package api

import (
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// importTypes are the media types of uploads, and their formats.
func importTypes() map[string]string {
	return map[string]string{"application/x-ndjson": "ndjson", "text/csv": "csv", "application/geo+json": "geojson"}
}

// runImport answers POST /v1/imports. The body is read as it comes and kept row by row; memory is bounded whatever its length.
func runImport(c *call) error {
	i, err := importOf(c)
	if err != nil {
		return err
	}
	src, done, err := c.uploadBody()
	if err != nil {
		return err
	}
	defer done()
	rows, err := wire.NewRowReader(src, wire.Upload{Kind: i.Kind, Format: i.Format, MaxRows: c.api.MaxRows, MaxRowBytes: c.api.MaxRowBytes})
	if err != nil {
		return err
	}
	report, err := c.api.Importer.RunImport(c.ctx(), c.write(), i, rows, nil)
	if err != nil {
		if broken := src.failed(); broken != nil {
			return broken
		}
		return err
	}
	if report.State == engine.ImportDone {
		c.published()
	}
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(c.api.UploadIdle)) // a server without deadlines has none to set
	if report.State == engine.ImportFailed && !report.DryRun {
		return c.refused(&report)
	}
	return c.answer(http.StatusOK, wire.ImportOf(&report))
}

// refused answers with a problem that holds the report: the upload changed nothing.
func (c *call) refused(report *engine.Import) error {
	p := wire.ImportProblem{
		Problem: wire.Problem{
			Type: "about:blank", Title: http.StatusText(http.StatusUnprocessableEntity), Status: http.StatusUnprocessableEntity,
			Code: "import_refused", Detail: fmt.Sprintf("%d of %d rows are faulty: nothing was changed", report.Rejected, report.Rows),
		},
		Import: wire.ImportOf(report),
	}
	c.writeProblem(p.Problem, p)
	return nil
}

// importOf reads what is to be imported.
func importOf(c *call) (engine.Import, error) {
	var faults engine.Faults
	merchant, err := c.merchant(c.Query("merchant"))
	if err != nil && !errors.As(err, &faults) {
		return engine.Import{}, err
	}
	i := engine.Import{
		ImportID: engine.ImportID{MerchantID: merchant}, Kind: engine.ImportKind(c.Query("kind")), Format: c.Query("format"),
		DryRun: c.flag("dry_run", &faults), Partial: c.flag("partial", &faults), Started: c.now.UTC(), By: c.key.ID,
	}
	if i.Kind == "" {
		i.Kind = engine.ImportCampaigns
	}
	if i.Format == "" {
		i.Format = importTypes()[mediaType(c.GetHeader("Content-Type"))]
	}
	if i.Format == "" {
		faults.Add("format", "required", "say ?format= or a Content-Type of application/x-ndjson, text/csv or application/geo+json")
	}
	if len(faults) > 0 {
		return i, faults
	}
	i.ID, err = c.api.IDs.New(c.now)
	return i, err
}

// upload is a body as it comes in: unpacked, bounded, and patient as long as something comes.
type upload struct {
	src  io.Reader
	rc   *http.ResponseController
	idle time.Duration
	left int64
	err  error
}

// uploadBody opens the body. With an idempotency key it is kept in a file first, since the key stands for all of its bytes.
func (c *call) uploadBody() (*upload, func(), error) {
	u := &upload{src: c.Request.Body, rc: http.NewResponseController(c.Writer), idle: c.api.UploadIdle, left: c.api.MaxUploadBytes}
	_ = u.rc.SetWriteDeadline(time.Time{}) // a server without deadlines has none to lift
	switch coding := strings.ToLower(c.GetHeader("Content-Encoding")); coding {
	case "", "identity":
	case "gzip":
		packed, err := gzip.NewReader(u.patient())
		if err != nil {
			return nil, nil, fmt.Errorf("%w: not gzip: %v", errBody, err)
		}
		u.src = packed
	default:
		return nil, nil, fmt.Errorf("%w: Content-Encoding %.20q is neither gzip nor identity", errMediaType, coding)
	}
	if c.once == nil {
		return u, func() {}, nil
	}
	return c.spool(u)
}

// patient is the connection's own reader with a deadline that moves on with every read.
func (u *upload) patient() io.Reader { return patientReader{u.src, u.rc, u.idle} }

type patientReader struct {
	src  io.Reader
	rc   *http.ResponseController
	idle time.Duration
}

func (p patientReader) Read(b []byte) (int, error) {
	_ = p.rc.SetReadDeadline(time.Now().Add(p.idle)) // a server without deadlines has none to move
	return p.src.Read(b)
}

func (u *upload) Read(b []byte) (int, error) {
	_ = u.rc.SetReadDeadline(time.Now().Add(u.idle))
	if u.left <= 0 {
		if n, err := u.src.Read(make([]byte, 1)); n == 0 && err != nil {
			return 0, u.keep(err)
		}
		return 0, u.keep(fmt.Errorf("%w: the upload is longer than is taken here", errTooLarge))
	}
	n, err := u.src.Read(b[:min(int64(len(b)), u.left)])
	u.left -= int64(n)
	return n, u.keep(err)
}

// keep remembers what broke the upload.
func (u *upload) keep(err error) error {
	if err != nil && !errors.Is(err, io.EOF) && u.err == nil {
		u.err = err
	}
	return err
}

// failed returns what broke the upload as an error to tell, nil when its bytes all came.
func (u *upload) failed() error {
	if u.err == nil || errors.Is(u.err, errTooLarge) {
		return u.err
	}
	return fmt.Errorf("%w: %v", errBody, u.err)
}

// spool keeps the body in a temporary file and takes its fingerprint.
func (c *call) spool(u *upload) (*upload, func(), error) {
	f, err := os.CreateTemp("", "sihai-upload-*")
	if err != nil {
		return nil, nil, fmt.Errorf("keep upload: %w", err)
	}
	done := func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), u)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		done()
		if broken := u.failed(); broken != nil {
			return nil, nil, broken
		}
		return nil, nil, fmt.Errorf("keep upload: %w", err)
	}
	c.fingerprintOf([32]byte(h.Sum(nil)))
	return &upload{src: f, rc: u.rc, idle: u.idle, left: n + 1}, done, nil
}

// listImports answers GET /v1/imports.
func listImports(c *call) error {
	merchant, err := c.merchant(c.Query("merchant"))
	if err != nil {
		return err
	}
	p, err := c.page()
	if err != nil {
		return err
	}
	items, next, err := c.api.Store.ListImports(c.ctx(), merchant, p)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.ListOf(items, cursor(next), wire.ImportOf))
}

// getImport answers GET /v1/imports/{id}.
func getImport(c *call) error {
	merchant, err := c.merchant(c.Query("merchant"))
	if err != nil {
		return err
	}
	i, err := c.api.Store.Import(c.ctx(), engine.ImportID{MerchantID: merchant, ID: c.Param("id")})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.ImportOf(&i))
}
