// Package badgerkv is the kv.Engine of one machine: Badger in a folder, with durable writes.
//
// Open takes the folder, which no other process may have open; Close gives it back.
//
//	e, err := badgerkv.Open(badgerkv.Options{Dir: "data"})
//
// One goroutine runs every update, one after the other, in the order in which they came. Another one commits groups of them, up to 1,024, each as one Badger
// transaction with one sync of the disk; while a group is committed the next one runs, on what the one before it will have written. That makes updates
// serialisable across all partitions without locks or conflicts, log sequences dense and in the order of commits, and sixteen concurrent writers faster than
// one, where Badger alone gets slower. An update is answered when its group is on disk, and a group is written only when the one before it is: what was run on
// a group that could not be written fails with it. The price: an update's function occupies the one writer while it runs.
//
// # The disk
//
// Badger cannot be told of a full disk: it writes through memory maps, and the kernel ends a process that writes where no block is left. So
// updates are refused with kv.ErrNoRoom, outcome known, while less than Options.KeepFree is free, reads and updates that write nothing go on, and
// all goes on by itself once there is room. What other programs take of what is kept can still end the process; it then loses nothing, and opening is refused
// with kv.ErrNoRoom until there is room.
//
// After a commit that failed (a broken disk) what is on disk is unknown, so the engine writes nothing more until
// it is opened again, and says so by Options.Failed; reads go on.
//
// The layout of keys is drawn in store/FORMAT.md. Backup and restore are not here yet.
package badgerkv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

// Options say where a store is and how it writes.
type Options struct {
	Dir string // made when it does not exist; required unless InMemory
	// InMemory keeps nothing on disk. It is for tests.
	InMemory bool
	// NoSync lets an update return before it is on disk: it survives the end of the process, not that of the machine. It is
	// for loads that can be repeated.
	NoSync bool
	// KeepFree is how many bytes of the disk stay free beside what the merging of tables takes. 0: DefaultKeepFree; negative: the disk is not looked at.
	// Below DefaultKeepFree a load of more than KeepFree between two starts may fill the disk, which ends the process.
	KeepFree int64
	Failed   func(error)  // is called once, when a commit has failed and no more is written; it returns at once. nil: nobody is told
	Logger   *slog.Logger // of Badger's own messages, and of a full disk; nil: none

	valueLog int64 // bytes of a value-log file; 0: valueLogSize
}

// Sizes for a machine with 1 GiB and up. A transaction holds at most 15 % of a memtable, 9.6 MiB.
const (
	memTableSize   = 64 << 20
	numMemTables   = 2
	blockCacheSize = 64 << 20
	valueLogSize   = 256 << 20
	valueThreshold = 16 << 10 // larger values go to the value log: blocks of streams, which are written once and then stay
)

// Engine is a kv.Engine over Badger.
type Engine struct {
	db       *badger.DB
	tasks    chan *task
	groups   chan *group // from the writer to the committer
	maxSize  int
	maxCount int
	failed   func(error)
	room     room        // the writer goroutine's own
	logBytes int64       // of a value-log file
	dir      string      // empty: nothing is on disk
	purging  sync.Mutex  // held while value-log files are rewritten
	logged   atomic.Bool // something was written to the newest value-log file

	stop  context.CancelFunc // ends the collector
	owned sync.WaitGroup     // the writer, the committer and the collector

	mu     sync.Mutex // guards closed, and calls.Add against it
	closed bool
	calls  sync.WaitGroup
}

var _ kv.Engine = (*Engine)(nil)

// Open opens the store in a folder, or makes one. kv.ErrLocked when another process has it open, kv.ErrNewerFormat when
// a later release wrote it, which leaves every file as it was.
func Open(o Options) (*Engine, error) {
	if o.Dir == "" && !o.InMemory {
		return nil, errors.New("open store: no folder given")
	}
	if !o.InMemory {
		if err := prepareDir(o.Dir); err != nil {
			return nil, fmt.Errorf("open store in %s: %w", o.Dir, err)
		}
		if err := checkOpening(o.Dir); err != nil && o.KeepFree >= 0 {
			return nil, fmt.Errorf("open store in %s: %w", o.Dir, err)
		}
	}
	db, err := openBadger(badgerOptions(o))
	if err != nil {
		return nil, openError(o.Dir, err)
	}
	if err := checkFormatRecord(db); err != nil {
		return nil, fmt.Errorf("open store in %s: %w", o.Dir, errors.Join(err, db.Close()))
	}
	ctx, stop := context.WithCancel(context.Background())
	e := &Engine{
		db: db, stop: stop, dir: dirOf(o), logBytes: cmp.Or(o.valueLog, valueLogSize), tasks: make(chan *task, maxGroup), groups: make(chan *group),
		maxSize: int(db.MaxBatchSize()) - 4096, maxCount: int(db.MaxBatchCount()) - 16, failed: o.Failed,
	}
	if e.failed == nil {
		e.failed = func(error) {}
	}
	if !o.InMemory {
		e.room = newRoom(o.Dir, cmp.Or(o.KeepFree, DefaultKeepFree), db, o.Logger)
	}
	e.owned.Go(e.write)
	e.owned.Go(e.commit)
	if !o.InMemory {
		e.owned.Go(func() { e.collect(ctx) })
	}
	return e, nil
}

func dirOf(o Options) string {
	if o.InMemory {
		return ""
	}
	return o.Dir
}

func badgerOptions(o Options) badger.Options {
	b := badger.DefaultOptions(o.Dir).
		WithSyncWrites(!o.NoSync).
		WithDetectConflicts(false). // there is one writer
		WithMetricsEnabled(false).
		WithMemTableSize(memTableSize).
		WithNumMemtables(numMemTables).
		WithBlockCacheSize(blockCacheSize).
		WithNumCompactors(2).
		WithNumGoroutines(2).
		WithValueLogFileSize(cmp.Or(o.valueLog, valueLogSize)).
		WithValueThreshold(valueThreshold).
		WithLogger(logger{o.Logger})
	if o.InMemory {
		b = b.WithInMemory(true).WithDir("").WithValueDir("").WithValueThreshold(1 << 20)
	}
	return b
}

// unfinishedFiles bounds the files that one start may find without a header.
const unfinishedFiles = 16

// openBadger opens the database. When a process is killed between making a log file and giving it its length, Badger finds the empty file at the next start, gives
// it length and header, and then takes that for an error (value.go and memtable.go of v4.9.6: z.NewFile from logFile.open). Nothing was ever written to such a file, and
// it is in order now: the next try passes it.
func openBadger(b badger.Options) (*badger.DB, error) {
	for range unfinishedFiles {
		db, err := badger.Open(b)
		if err == nil || !strings.Contains(err.Error(), "Create a new file") {
			return db, err
		}
	}
	return badger.Open(b)
}

func openError(dir string, err error) error {
	if strings.Contains(err.Error(), "Cannot acquire directory lock") {
		holder := ""
		if pid, readErr := os.ReadFile(filepath.Join(dir, "LOCK")); readErr == nil {
			holder = " (process " + strings.TrimSpace(string(pid)) + ")"
		}
		return fmt.Errorf("open store in %s: %w%s", dir, kv.ErrLocked, holder)
	}
	return fmt.Errorf("open store in %s: %w", dir, err)
}

// enter counts a call until leave, so that Close can wait for it.
func (e *Engine) enter() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return kv.ErrClosed
	}
	e.calls.Add(1)
	return nil
}

func (e *Engine) leave() { e.calls.Done() }

// Close waits for the calls under way and gives the folder back. A second call does nothing.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	e.mu.Unlock()

	e.calls.Wait()
	e.stop()
	close(e.tasks)
	e.owned.Wait()
	if err := e.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
