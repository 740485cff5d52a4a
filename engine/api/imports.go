package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// importTypes are the media types of uploads, and their formats.
func importTypes() map[string]string {
	return map[string]string{
		"application/x-ndjson": "ndjson", "text/csv": "csv", "text/tab-separated-values": "csv", "application/geo+json": "geojson",
	}
}

// runImport answers POST /v1/imports. The body is read as it comes and kept row by row; memory is bounded whatever its length.
func runImport(c *call) error {
	i, err := importOf(c)
	if err != nil {
		return err
	}
	if c.wantsAsync() {
		return queueImport(c, i)
	}
	src, done, err := c.uploadBody()
	if err != nil {
		return err
	}
	defer done()
	rows, err := wire.NewRowReader(src, c.uploadOf(&i))
	if err != nil {
		return err
	}
	ctx := c.ctx()
	if c.once != nil {
		ctx = context.WithoutCancel(ctx) // its bytes are here: who has gone and asks again with the key finds it done
	}
	report, err := c.api.Importer.RunImport(ctx, c.write(), i, rows, nil)
	if err != nil {
		if broken := src.failed(); broken != nil {
			return broken
		}
		return err
	}
	if report.State == engine.ImportDone {
		c.publishedWithin(uploadWait)
	}
	if report.State == engine.ImportFailed && !report.DryRun {
		return c.refused(&report)
	}
	return c.answer(http.StatusOK, wire.ImportOf(&report))
}

// uploadOf says how the rows of an import are read.
func (c *call) uploadOf(i *engine.Import) wire.Upload {
	return wire.Upload{Kind: i.Kind, Format: i.Format, MaxRows: c.api.MaxRows, MaxRowBytes: c.api.MaxRowBytes, FeedOptions: i.Feed}
}

// wantsAsync reports whether the answer is to come before the upload is read: by async=true or Prefer: respond-async (RFC 7240, section 4.1).
func (c *call) wantsAsync() bool {
	if c.Query("async") == "true" || c.Query("async") == "1" {
		return true
	}
	for _, header := range c.Request.Header.Values("Prefer") {
		for one := range strings.SplitSeq(header, ",") {
			if name, _, _ := strings.Cut(one, ";"); strings.EqualFold(strings.TrimSpace(name), "respond-async") {
				return true
			}
		}
	}
	return false
}

// queueImport keeps the body on disk and answers 202: from then on the import ends, whatever happens to the connection or the process.
func queueImport(c *call, i engine.Import) error {
	if _, err := c.api.Store.Merchant(c.ctx(), i.MerchantID); err != nil {
		return err // before a byte of it is kept
	}
	if _, err := wire.NewRowReader(strings.NewReader(""), c.uploadOf(&i)); err != nil {
		return err
	}
	raw, done, err := c.rawBody()
	if err != nil {
		return err
	}
	defer done()
	h := sha256.New()
	if i.Size, err = c.api.Imports.Keep(i.ImportID, io.TeeReader(raw, h)); err != nil {
		if broken := raw.failed(); broken != nil {
			return broken
		}
		return err
	}
	c.fingerprintOf([32]byte(h.Sum(nil)))
	report, err := c.api.Imports.Submit(context.WithoutCancel(c.ctx()), c.write(), i)
	if err != nil {
		return err
	}
	c.Header("Location", "/v1/imports/"+report.ID+"?merchant="+report.MerchantID)
	c.Header("Preference-Applied", "respond-async")
	return c.answer(http.StatusAccepted, wire.ImportOf(&report))
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
	if report.Rejected == 0 && report.Detail != "" {
		p.Detail = report.Detail
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
		Prune: c.flag("prune", &faults), PruneShare: c.share("prune_share", &faults),
		Feed: engine.FeedOptions{Delimiter: c.Query("delimiter"), Encoding: c.Query("encoding"), Decimal: c.Query("decimal"), Language: c.Query("language")},
	}
	c.flag("async", &faults)
	kind, params, _ := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if i.Feed.Encoding == "" {
		i.Feed.Encoding = charsetOf(params["charset"])
	}
	if i.Feed.Delimiter == "" && kind == "text/tab-separated-values" {
		i.Feed.Delimiter = "tab"
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

// charsetOf takes the charset of a Content-Type to an encoding; empty for one that files mostly do not keep to, or that says nothing.
func charsetOf(charset string) string {
	switch charset = strings.ToLower(charset); charset {
	case "gbk", "gb2312":
		return "gb18030"
	case "utf-16le", "utf-16be", "gb18030", "windows-1252":
		return charset
	}
	return ""
}

// share reads a query parameter that is a part of one.
func (c *call) share(name string, faults *engine.Faults) float64 {
	text := c.Query(name)
	if text == "" {
		return 0
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x > 0 && x <= 1) {
		faults.Add(name, "out_of_range", "%.60q is not a number above 0 and up to 1", text)
	}
	return x
}

// upload is a body as it comes in: unpacked and bounded.
type upload struct {
	src  io.Reader
	left int64
	err  error
}

// rawBody opens the body as it is sent, bounded; the function that it returns ends the upload.
func (c *call) rawBody() (*upload, func(), error) {
	switch coding := strings.ToLower(c.GetHeader("Content-Encoding")); coding {
	case "", "identity", "gzip", "zstd":
	default:
		return nil, nil, fmt.Errorf("%w: Content-Encoding %.20q is none of %s", errMediaType, coding, strings.Join(wire.Codings(), ", "))
	}
	rc := http.NewResponseController(c.Writer)
	_ = rc.SetWriteDeadline(time.Time{})                                         // a server without deadlines has none to lift
	done := func() { _ = rc.SetWriteDeadline(time.Now().Add(c.api.UploadIdle)) } // from now on an answer is written
	return &upload{src: patientReader{c.Request.Body, rc, c.api.UploadIdle}, left: c.api.MaxUploadBytes}, done, nil
}

// uploadBody opens the body unpacked and bounded; the function that it returns ends the upload. With an idempotency key the body is kept in a file first,
// since the key stands for all of its bytes.
func (c *call) uploadBody() (*upload, func(), error) {
	raw, done, err := c.rawBody()
	if err != nil {
		return nil, nil, err
	}
	if c.once != nil {
		spooled, remove, err := c.spool(raw)
		if err != nil {
			done()
			return nil, nil, err
		}
		end := done
		raw, done = spooled, func() { remove(); end() }
	}
	unpacked, err := wire.Unpack(raw, strings.ToLower(c.GetHeader("Content-Encoding")))
	if err != nil {
		done()
		if broken := raw.failed(); broken != nil {
			return nil, nil, broken
		}
		return nil, nil, fmt.Errorf("%w: %v", errBody, err)
	}
	return &upload{src: unpacked, left: c.api.MaxUploadBytes}, func() { _ = unpacked.Close(); done() }, nil
}

// patientReader is the connection's own reader with a deadline that moves on with every read, and is lifted at the end: what is then done with the upload
// may take as long as it does, and a deadline that passes meanwhile would be taken for a client that has gone.
type patientReader struct {
	src  io.Reader
	rc   *http.ResponseController
	idle time.Duration
}

func (p patientReader) Read(b []byte) (int, error) {
	_ = p.rc.SetReadDeadline(time.Now().Add(p.idle)) // a server without deadlines has none to move
	n, err := p.src.Read(b)
	if errors.Is(err, io.EOF) {
		_ = p.rc.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (u *upload) Read(b []byte) (int, error) {
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
	return &upload{src: f, left: n + 1}, done, nil
}

// listImports answers GET /v1/imports.
func listImports(c *call) error {
	return listOwned(c, c.api.Store.ListImports, wire.ImportOf)
}

// getImport answers GET /v1/imports/{id}.
func getImport(c *call) error {
	i, err := c.api.Store.Import(c.ctx(), engine.ImportID{MerchantID: c.owner, ID: c.Param("id")})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.ImportOf(&i))
}

// cancelImport answers DELETE /v1/imports/{id}. The record stays.
func cancelImport(c *call) error {
	i, err := c.api.Imports.Cancel(c.ctx(), engine.ImportID{MerchantID: c.owner, ID: c.Param("id")})
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.ImportOf(&i))
}

// importFaults answers GET /v1/imports/{id}/faults.
func importFaults(c *call) error {
	i, err := c.api.Store.Import(c.ctx(), engine.ImportID{MerchantID: c.owner, ID: c.Param("id")})
	if err != nil {
		return err
	}
	var table bytes.Buffer
	if err := wire.WriteFaults(&table, wire.ImportOf(&i).Faults); err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="faults-`+i.ID+`.csv"`)
	c.Data(http.StatusOK, "text/csv; charset=utf-8", table.Bytes())
	return nil
}
