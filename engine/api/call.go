package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// call is one request under way.
type call struct {
	*gin.Context
	api   *API
	route *route
	usual *usual
	key   engine.Key
	owner string // the merchant that an owned route is about
	now   time.Time
	trace string
	once  *engine.Once
	fail  error // what the log is to know of
	cut   bool  // the answer was begun and is not whole
}

// ctx ends when the client has gone.
func (c *call) ctx() context.Context { return c.Request.Context() }

// readBody reads the whole body, at most the bound, as JSON or nothing.
func (c *call) readBody() ([]byte, error) { return c.readBodyInto(nil) }

// readBodyInto is readBody into memory that the caller has, if that is large enough.
func (c *call) readBodyInto(buf []byte) ([]byte, error) {
	if err := c.checkJSON(); err != nil {
		return nil, err
	}
	most := c.api.MaxBodyBytes
	n := c.Request.ContentLength
	if n <= 0 || n > most || n > int64(cap(buf)) {
		return c.readBytes(most)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(c.Request.Body, buf); err != nil { // net/http gives no more than the length
		return nil, bodyError(err)
	}
	return buf, nil
}

// readJSONFile is readFile for a body of JSON.
func (c *call) readJSONFile() ([]byte, error) {
	if err := c.checkJSON(); err != nil {
		return nil, err
	}
	return c.readFile()
}

func (c *call) checkJSON() error {
	if kind := c.ContentType(); kind != "" && kind != gin.MIMEJSON {
		return fmt.Errorf("%w: a body is application/json, not %.60s", errMediaType, kind)
	}
	return nil
}

// readFile reads the whole body of a small file: the bank's whole history of rates has under two megabytes.
func (c *call) readFile() ([]byte, error) { return c.readBytes(max(c.api.MaxBodyBytes, 16<<20)) }

func (c *call) readBytes(most int64) ([]byte, error) {
	var buf bytes.Buffer
	if n := c.Request.ContentLength; n > 0 {
		buf.Grow(int(min(n, most)) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(http.MaxBytesReader(c.Writer, c.Request.Body, most)); err != nil {
		return nil, bodyError(err)
	}
	return buf.Bytes(), nil
}

func bodyError(err error) error {
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return fmt.Errorf("%w: more than %d bytes", errTooLarge, long.Limit)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: ends early", errBody)
	}
	return fmt.Errorf("%w: %v", errBody, err)
}

// write says who writes and when.
func (c *call) write() engine.Write {
	return engine.Write{At: c.now.UTC(), By: c.key.ID, Once: c.once}
}

// conditional adds what If-Match and If-None-Match ask for.
func (c *call) conditional() (engine.Write, error) {
	w := c.write()
	var faults engine.Faults
	match, none := c.GetHeader("If-Match"), c.GetHeader("If-None-Match")
	switch {
	case match == "" || match == "*":
	default:
		version, ok := parseETag(match)
		if !ok {
			faults.Add("If-Match", "invalid", "%.60q is neither * nor an ETag of this server", match)
		}
		w.If.Version = version
	}
	switch none {
	case "":
	case "*":
		w.If.Absent = true
	default:
		faults.Add("If-None-Match", "invalid", "only * is understood here")
	}
	if w.If.Absent && match != "" {
		faults.Add("If-None-Match", "invalid", "cannot hold together with If-Match")
	}
	return w, faults.Err()
}

func etag(version uint64) string { return `"` + strconv.FormatUint(version, 10) + `"` }

func parseETag(text string) (uint64, bool) {
	if len(text) < 3 || text[0] != '"' || text[len(text)-1] != '"' {
		return 0, false
	}
	version, err := strconv.ParseUint(text[1:len(text)-1], 10, 64)
	return version, err == nil && version > 0
}

// holdsETag reports whether an If-None-Match header names a tag, or any: the weak comparison of RFC 9110, section 13.1.2.
func holdsETag(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

// page reads limit and cursor.
func (c *call) page() (engine.Page, error) {
	p := engine.Page{Limit: 100}
	var faults engine.Faults
	if text := c.Query("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			faults.Add("limit", "out_of_range", "%.60q is not a whole number from 1 to 1000", text)
		}
		p.Limit = n
	}
	if text := c.Query("cursor"); text != "" {
		after, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(after) == 0 {
			faults.Add("cursor", "invalid", "is not a next_cursor of this server")
		}
		p.After = string(after)
	}
	return p, faults.Err()
}

// cursor writes the After of a next page.
func cursor(after string) string { return base64.RawURLEncoding.EncodeToString([]byte(after)) }

// checkQuery refuses parameters that the route does not have: a misspelt dry_run would change what it was to leave alone.
func (c *call) checkQuery() error {
	if c.route.open || c.Request.URL.RawQuery == "" {
		return nil
	}
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("%w: query: %v", errBody, err)
	}
	var faults engine.Faults
	for _, name := range slices.Sorted(maps.Keys(query)) {
		known := slices.ContainsFunc(c.route.params, func(p param) bool { return p.in == "query" && p.name == name })
		switch {
		case !known:
			faults.Add(fmt.Sprintf("%.64s", strings.ToValidUTF8(name, "\ufffd")), "unknown_field", "no such parameter")
		case len(query[name]) > 1:
			faults.Add(name, "duplicate", "is given twice")
		}
	}
	return faults.Err()
}

// list answers with a page of items, each written by of.
func list[E, T any](c *call, page func(context.Context, engine.Page) ([]E, string, error), of func(*E) T) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	items, next, err := page(c.ctx(), p)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.ListOf(items, cursor(next), of))
}

// listOwned is list for what a merchant owns; one that does not exist has no list.
func listOwned[E, T any](c *call, page func(context.Context, string, engine.Page) ([]E, string, error), of func(*E) T) error {
	if _, err := c.api.Store.Merchant(c.ctx(), c.owner); err != nil {
		return err
	}
	return list(c, func(ctx context.Context, p engine.Page) ([]E, string, error) { return page(ctx, c.owner, p) }, of)
}

// flag reads a query parameter that is true or false.
func (c *call) flag(name string, faults *engine.Faults) bool {
	switch text := c.Query(name); text {
	case "", "false", "0":
		return false
	case "true", "1":
		return true
	default:
		faults.Add(name, "invalid", "%.60q is neither true nor false", text)
		return false
	}
}

// answer writes a value as JSON.
func (c *call) answer(status int, value any) error {
	data, err := marshal(value)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	c.sendJSON(status, data)
	return nil
}

// sendJSON answers with bytes whose length is told: of more than fits into its buffer the server would make chunks, with a write for the last one.
func (c *call) sendJSON(status int, data []byte) {
	c.Header("Content-Length", strconv.Itoa(len(data)))
	c.Data(status, gin.MIMEJSON, data)
}

// marshal leaves <, > and & as they are: an answer is no page.
func marshal(value any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return buf.Bytes(), err
}

// versioned writes a resource with its ETag; a client that has this version gets 304.
func (c *call) versioned(status int, version uint64, value any) error {
	tag := etag(version)
	c.Header("ETag", tag)
	if c.Request.Method == http.MethodGet && holdsETag(c.GetHeader("If-None-Match"), tag) {
		c.Status(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return nil
	}
	return c.answer(status, value)
}

// put writes what a PUT made: 201 for a first version.
func (c *call) put(version uint64, value any) error {
	status := http.StatusOK
	if version == 1 {
		status = http.StatusCreated
	}
	return c.versioned(status, version, value)
}

// published waits until decisions see what was written, so that a client reads its own write. A publication that takes long is not waited for:
// the write stands, whatever becomes of this.
func (c *call) published() { c.publishedWithin(publishWait) }

// publishedWithin is published for what may take longer.
func (c *call) publishedWithin(wait time.Duration) {
	ctx, cancel := context.WithTimeout(c.ctx(), wait)
	defer cancel()
	position, err := c.api.Store.Position(ctx)
	if err == nil {
		err = c.api.Snapshots.AwaitVersion(ctx, position)
	}
	if err != nil && c.ctx().Err() == nil {
		c.api.Logger.Warn("publication is late", "position", position, "error", err)
	}
}

// The bounds of the wait of a writer for the snapshot that holds its write: of one thing, and of an upload, which publishes a million campaigns within some ten seconds.
const (
	publishWait = 5 * time.Second
	uploadWait  = 2 * time.Minute
)

// mediaType returns the type of a Content-Type header without its parameters.
func mediaType(header string) string {
	kind, _, err := mime.ParseMediaType(header)
	if err != nil {
		return header
	}
	return kind
}
