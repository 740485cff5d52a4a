package decision

import "sync"

// numbering gives equal things the same small number, from 1. The zero value has numbered nothing. It is safe for concurrent use.
type numbering[K comparable] struct {
	mu      sync.Mutex // guards numbers
	numbers map[K]uint32
}

func (n *numbering[K]) of(key K) uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if number, ok := n.numbers[key]; ok {
		return number
	}
	if n.numbers == nil {
		n.numbers = make(map[K]uint32)
	}
	number := uint32(len(n.numbers) + 1)
	n.numbers[key] = number
	return number
}

func (n *numbering[K]) len() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.numbers)
}

// memo keeps what is found out about numbered things for as long as one request lasts.
type memo[T any] struct {
	round   uint64
	entries []memoEntry[T]
}

type memoEntry[T any] struct {
	round uint64 // in which value was found; 0: never
	value T
}

// forget begins another request.
func (m *memo[T]) forget() { m.round++ }

// at returns the entry of a number, to be filled in unless it is known. It is valid until the next call.
func (m *memo[T]) at(number uint32) (value *T, known bool) {
	if int(number) >= len(m.entries) {
		m.grow(number)
	}
	e := &m.entries[number]
	known = e.round == m.round
	e.round = m.round
	return &e.value, known
}

func (m *memo[T]) grow(number uint32) {
	m.entries = append(m.entries, make([]memoEntry[T], int(number)+1-len(m.entries))...)
}

// verdicts keep what is found out by yes or no, as a memo does, in words that few instructions tell apart.
type verdicts struct {
	words []uint32 // by number: the word that means yes, or that one less 1
	yes   uint32   // odd; another one in each request
}

// forget begins another request.
func (v *verdicts) forget() {
	v.yes += 2
	if v.yes < 3 { // all words have been used, or none yet
		clear(v.words)
		v.yes = 3
	}
}

// doubt returns 0 where the answer is yes, 1 where it is no, and more where it is not known.
func (v *verdicts) doubt(number uint32) uint32 {
	if int(number) >= len(v.words) {
		return unknown
	}
	return v.words[number] ^ v.yes
}

// unknown is a doubt that nothing is known of.
const unknown = 2

// learn keeps an answer.
func (v *verdicts) learn(number uint32, holds bool) {
	if int(number) >= len(v.words) {
		v.words = append(v.words, make([]uint32, int(number)+1-len(v.words))...)
	}
	v.words[number] = v.yes
	if !holds {
		v.words[number]--
	}
}
