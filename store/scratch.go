package store

import "sync"

// scratch keeps the memory of messages from one call to the next. The zero value keeps none. It is safe for concurrent use.
type scratch struct{ pool sync.Pool }

// maxScratch bounds what is kept of one message: some more than a batch of decisions takes.
const maxScratch = 2 * decisionBatch

// take returns an empty message.
func (s *scratch) take() *message {
	if m, ok := s.pool.Get().(*message); ok {
		return m
	}
	return new(message)
}

// put takes back a message; what was made of its bytes is no longer valid.
func (s *scratch) put(m *message) {
	if cap(m.b) <= maxScratch {
		m.b, m.err = m.b[:0], nil
		s.pool.Put(m)
	}
}
