package badgerkv

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

// DefaultKeepFree, in bytes, is above what Badger may have to write at any moment of what it holds in memory: three memory tables as files of
// tables, and a transaction into two logs.
const DefaultKeepFree = 4 * memTableSize

// openFree is what an opened store writes first: the beginnings of two logs.
const openFree = 4 << 20

// lookEvery is how often the sizes of levels are looked at.
const lookEvery = time.Second

// room keeps updates off a disk that is nearly full. Badger v4 writes its logs and tables through memory maps of sparse files (ristretto z.MmapFile): where the
// disk has no block left for a page the kernel ends the process by SIGBUS, no call returns an error, and so nothing may be begun that could find the
// disk full. It belongs to the writer goroutine.
type room struct {
	dir    string
	keep   uint64 // bytes; 0: nothing is looked at
	merges func() uint64
	logger *slog.Logger

	looked  time.Time
	merging uint64
	short   bool
}

// newRoom watches the disk of a folder, on which keep bytes and what merging tables takes stay free.
func newRoom(dir string, keep int64, db *badger.DB, logger *slog.Logger) room {
	r := room{dir: dir, keep: uint64(max(keep, 0)), logger: logger, merges: func() uint64 { return mergingBytes(db) }}
	if r.logger == nil {
		r.logger = slog.New(slog.DiscardHandler)
	}
	return r
}

// mergingBytes is what a merge of the newest level into the one below may write before it deletes what it merged.
func mergingBytes(db *badger.DB) (n uint64) {
	for _, l := range db.Levels() {
		if l.Level == 0 || l.IsBaseLevel {
			n += uint64(max(l.Size, 0))
		}
	}
	return n
}

// check returns kv.ErrNoRoom while less is free than is kept. What the system does not tell is not looked at.
func (r *room) check() error {
	if r.keep == 0 {
		return nil
	}
	free, err := freeBytes(r.dir)
	if err != nil {
		return nil
	}
	if time.Since(r.looked) > lookEvery {
		r.merging, r.looked = r.merges(), time.Now()
	}
	kept := r.keep + r.merging
	if short := free < kept; short != r.short {
		r.short = short
		if short {
			r.logger.Error("the disk is full: nothing is written until there is room", "free", free, "kept", kept)
		} else {
			r.logger.Info("the disk has room again", "free", free, "kept", kept)
		}
	}
	if r.short {
		return fmt.Errorf("%w: %d bytes are free, and %d are kept for what is stored already", kv.ErrNoRoom, free, kept)
	}
	return nil
}

// Free returns how many bytes of the disk are free, and how many of these are kept: below that updates are refused. Zeros where it is not known.
func (e *Engine) Free() (free, kept uint64) {
	if e.room.keep == 0 {
		return 0, 0
	}
	free, err := freeBytes(e.room.dir)
	if err != nil {
		return 0, 0
	}
	return free, e.room.keep + mergingBytes(e.db)
}

// checkOpening returns kv.ErrNoRoom where the disk has not what opening takes: memory tables that were left in logs are written as tables.
func checkOpening(dir string) error {
	free, err := freeBytes(dir)
	if err != nil {
		return nil
	}
	need := uint64(openFree)
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err != nil {
		return err
	}
	for _, log := range logs {
		n, err := usedBytes(log)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		need += n
	}
	if free < need {
		return fmt.Errorf("%w: %d bytes are free, and opening the store takes up to %d", kv.ErrNoRoom, free, need)
	}
	return nil
}

// usedBytes returns how much of a sparse file is on disk, at least its length where that is not told.
func usedBytes(name string) (uint64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	if n, ok := blockBytes(info); ok {
		return n, nil
	}
	return uint64(info.Size()), nil
}
