package store

import (
	"fmt"
	"sync"

	"github.com/sihai-network/sihai/engine"
)

// calls counts calls that take more than one transaction, so that Close can wait for them.
type calls struct {
	mu     sync.Mutex // guards closed, and active.Add against it
	closed bool
	active sync.WaitGroup
	ending chan struct{} // closed by close
}

func (c *calls) open() { c.ending = make(chan struct{}) }

// enter counts a call until leave. It returns engine.ErrUnavailable after close.
func (c *calls) enter() (leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fmt.Errorf("%w: the store is closed", engine.ErrUnavailable)
	}
	c.active.Add(1)
	return c.active.Done, nil
}

// close lets no further call in and waits for those that are.
func (c *calls) close() {
	c.mu.Lock()
	if !c.closed {
		close(c.ending)
	}
	c.closed = true
	c.mu.Unlock()
	c.active.Wait()
}
