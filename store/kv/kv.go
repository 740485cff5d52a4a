// Package kv is the ordered key-value seam under the store: partitions, transactions of one aggregate, scans, change logs
// and blocks of time-ordered records. It knows bytes only. Package badgerkv is its first engine; package storetest holds
// the rules below as a suite that every engine passes.
package kv

import (
	"context"
	"errors"
	"hash/fnv"
	"time"
)

// Format numbers the bytes that a store is made of: an engine's own keys and the keys and values that package store puts
// under them, see store/FORMAT.md. It grows with every change that this release's readers would not understand.
const Format = 1

// Buckets is the number of virtual buckets over which partitions are spread; it is fixed for ever, since keys hold it.
const Buckets = 1024

// Part names a partition, the unit of a transaction: "m/<merchant>", "keys" … It has 1 to 200 bytes, none of them zero;
// so have a Log and a Stream.
type Part string

// Bucket returns the virtual bucket of p: FNV-1a of its bytes, modulo Buckets.
func (p Part) Bucket() int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p))
	return int(h.Sum32() % Buckets)
}

// Log names a change log.
type Log string

// Stream names a sequence of blocks.
type Stream string

// KV is a key and its value. Both belong to the caller.
type KV struct{ Key, Value []byte }

// Entry is a payload in a change log.
type Entry struct {
	Seq     uint64 // dense from 1
	Payload []byte
}

// Block is a block of a stream.
type Block struct {
	Place
	Data []byte
}

// Place is where in its stream a block lies. Blocks are ordered by time and then by sequence, which is the order in which
// they were appended: an engine gives a block that is earlier than its stream's newest one the time of that one.
type Place struct {
	Time time.Time // UTC, to the millisecond
	Seq  uint64    // ascending within the stream from 1, not dense
}

var (
	// ErrNotFound is returned by Get when there is no such key.
	ErrNotFound = errors.New("key not found")
	// ErrUnknownOutcome is returned when a commit may or may not have happened: retry with the same idempotency key.
	ErrUnknownOutcome = errors.New("commit has an unknown outcome")
	// ErrTooBig is returned when a transaction, a key or a value is larger than the engine can write at once.
	ErrTooBig = errors.New("transaction is too big")
	// ErrName is returned for a partition, log or stream whose name is empty, too long or holds a zero byte.
	ErrName = errors.New("name is not valid")
	// ErrLocked is returned when another process has the store open.
	ErrLocked = errors.New("store is in use by another process")
	// ErrNewerFormat is returned when a store was written by a later release, with a Format that this one does not know. Nothing of it was changed.
	ErrNewerFormat = errors.New("store has a newer format")
	// ErrNoRoom is returned by what would write while the disk is full. Nothing was written; the same call may succeed later.
	ErrNoRoom = errors.New("the disk is full")
	// ErrClosed is returned by calls on a closed engine.
	ErrClosed = errors.New("engine is closed")
)

// Engine is an ordered key-value store. Keys are ordered by bytes within a partition. All methods are safe for concurrent use.
type Engine interface {
	// Update runs fn in one transaction of one partition, serialisable against every other of that partition. It is durable
	// when Update returns nil. fn may run several times and is pure apart from tx; its error is returned as it is, and then
	// nothing is written. guard is the key that concurrent updates of the same aggregate contend for: an engine may lock it first.
	// fn must be brief and must not call Update, AppendBlock, TrimBefore, Purge or Close: an engine may run updates one after the other.
	// ErrTooBig when fn writes more than fits in one transaction. ctx counts until fn has run; from then on the answer is awaited.
	Update(ctx context.Context, p Part, guard []byte, fn func(Tx) error) error
	// View runs fn on one consistent moment of a partition.
	View(ctx context.Context, p Part, fn func(Reader) error) error
	// Scan lists up to limit pairs of all partitions of a bucket whose key begins with prefix and that come after a cursor, in the order of
	// partition and then key, both by bytes.
	Scan(ctx context.Context, bucket int, prefix []byte, after Cursor, limit int) ([]Row, error)
	// Head returns the sequence of the newest entry of a log, 0 for none.
	Head(ctx context.Context, log Log) (uint64, error)
	// Changes returns up to limit entries after a sequence, ascending, without a hole.
	Changes(ctx context.Context, log Log, after uint64, limit int) ([]Entry, error)
	// AppendBlock keeps a block durably, in a transaction of its own. Tx.AppendBlock joins it to others.
	AppendBlock(ctx context.Context, s Stream, at time.Time, block []byte) (Place, error)
	// Blocks returns up to limit blocks of a stream that come after a place, in their order. Place{Time: t} is before every block of t.
	Blocks(ctx context.Context, s Stream, after Place, limit int) ([]Block, error)
	// TrimBefore deletes the blocks of a stream that are older than t.
	TrimBefore(ctx context.Context, s Stream, t time.Time) error
	// Purge returns when what was deleted, trimmed or replaced before the call is no longer on disk, so that nobody who has the files can read it. It may take
	// minutes and much of the disk, and others are answered meanwhile, though slower. It may be cut short by ctx and called again.
	Purge(ctx context.Context) error
	// Close waits for what is under way.
	Close() error
}

// Cursor is a place in a bucket; the zero value is its start.
type Cursor struct {
	Part Part
	Key  []byte
}

// Row is a pair and its partition.
type Row struct {
	Part Part
	KV
}

// Reader reads a partition. Returned bytes belong to the caller.
type Reader interface {
	// Get returns ErrNotFound when there is none.
	Get(key []byte) ([]byte, error)
	// List returns up to limit pairs whose key begins with prefix and is greater than after (nil: from the first), ascending.
	List(prefix, after []byte, limit int) ([]KV, error)
}

// Tx writes a partition. What was put is seen by Get and List of the same transaction. Keys and values must not be changed after they were handed over.
type Tx interface {
	Reader
	Put(key, value []byte) error
	Delete(key []byte) error
	// AppendBlock appends to a stream in the same transaction and returns the place that the block has once it is committed.
	AppendBlock(s Stream, at time.Time, block []byte) (Place, error)
	// ReplaceBlock puts another block in the place of one that is there, which is read from then on; ErrNotFound for one that is not there, or was trimmed.
	ReplaceBlock(s Stream, at Place, block []byte) error
	// Emit appends to a log in the same transaction: its sequence is given at commit, dense, and an entry is never visible before a smaller one.
	Emit(log Log, payload []byte) error
}
