package api

import (
	"crypto/sha256"

	"github.com/sihai-network/sihai/engine"
)

// onceKey is an idempotency key of a caller.
type onceKey struct{ caller, key string }

// maxOnceKey bounds an idempotency key, in bytes.
const maxOnceKey = 255

// runOnce does a route that writes. With an Idempotency-Key the body is read first, since the same key with another body is refused; a second
// request of the same key that comes while the first is under way is told to wait.
func (c *call) runOnce() error {
	key := c.GetHeader("Idempotency-Key")
	if key == "" {
		return c.route.handle(c)
	}
	if len(key) > maxOnceKey {
		return engine.Faults{{Path: "Idempotency-Key", Code: "too_long", Message: "has more than 255 bytes"}}
	}
	mine := onceKey{c.key.ID, key}
	if _, taken := c.api.busy.LoadOrStore(mine, true); taken {
		return engine.ErrOnceBusy
	}
	defer c.api.busy.Delete(mine)
	c.once = &engine.Once{Caller: c.key.ID, Key: key}
	return c.route.handle(c)
}

// fingerprint fixes what the idempotency key stands for, once the body is known.
func (c *call) fingerprint(body []byte) {
	if c.once == nil {
		return
	}
	sum := sha256.Sum256(body)
	c.fingerprintOf(sum)
}

// fingerprintOf does the same for a body of which the hash is known.
func (c *call) fingerprintOf(body [32]byte) {
	if c.once == nil {
		return
	}
	h := sha256.New()
	h.Write([]byte(c.Request.Method + "\n" + c.Request.URL.EscapedPath() + "?" + c.Request.URL.RawQuery + "\n"))
	h.Write(body[:])
	h.Sum(c.once.Fingerprint[:0])
}
