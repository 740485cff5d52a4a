package badgerkv

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// What was deleted or replaced stays in Badger's files in three places: in the memory table's log until that is written as a table, in tables until those that
// say so are merged with it, and in the value log until its file is rewritten, which the newest file never is. Purge goes through them in this order.

const (
	fillerBytes = 4 << 20 // of one value
	// purgeRatio is the share of a value-log file that must be garbage for Purge to rewrite it: any.
	purgeRatio = 1e-9
)

// Purge implements kv.Engine. It costs up to two rewrites of the value-log files that hold garbage, one merge of all tables, and up to a value-log file (256 MiB) of
// filler, which goes with it. Updates wait while the memory table is written, some tenths of a second.
func (e *Engine) Purge(ctx context.Context) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	e.purging.Lock()
	defer e.purging.Unlock()
	if e.dir == "" {
		return ctx.Err()
	}
	for _, step := range []func(context.Context) error{
		e.turnLog,    // the newest value-log file becomes one that may be rewritten
		e.flatten,    // the tables forget, and know what of the value log is garbage
		e.collectAll, // which goes
		e.flatten,    // the rewriting has written pointers anew, and the filler has gone
		e.collectAll,
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(ctx); err != nil {
			return fmt.Errorf("purge: %w", err)
		}
	}
	return nil
}

// turnLog writes filler until the value log has a new file. The filler is in the file before: in the newest one it would be garbage that Badger cannot rewrite, and
// Badger looks no further when that file has the most of it.
func (e *Engine) turnLog(ctx context.Context) (err error) {
	if !e.logged.Swap(false) {
		return nil
	}
	defer func() {
		if err != nil {
			e.logged.Store(true) // it is for the next purge
		}
	}()
	was, err := e.newestLog()
	if err != nil {
		return err
	}
	filler := make([]byte, fillerBytes)
	for n := int64(0); n <= e.logBytes+fillerBytes; n += fillerBytes {
		if err := ctx.Err(); err != nil {
			return err
		}
		key := fillerKey(n)
		if err := e.update(ctx, "", func(x *tx) error { return x.setShared(key, filler) }); err != nil {
			return err
		}
		if now, err := e.newestLog(); err != nil || now != was {
			return err
		}
	}
	return errors.New("the value log takes no new file")
}

// newestLog returns the name of the value-log file that is written to.
func (e *Engine) newestLog() (string, error) {
	names, err := filepath.Glob(filepath.Join(e.dir, "*.vlog"))
	if err != nil || len(names) == 0 {
		return "", err
	}
	return slices.Max(names), nil // of six digits and more, with zeros before
}

func fillerKey(n int64) []byte { return binary.BigEndian.AppendUint64([]byte{kindFiller}, uint64(n)) }

// flatten writes the memory table and merges all tables into one level, and drops the filler with that. The first part is done between two groups of
// updates, since Badger takes no writes meanwhile; after it the writer reads as of a moment behind what is to go, so that the merge need not keep it.
func (e *Engine) flatten(ctx context.Context) error {
	if err := e.update(ctx, "", func(x *tx) error { return x.setShared(fillerKey(-1), []byte{0}) }); err != nil {
		return err // without a key to drop Badger would not begin
	}
	if err := e.aside(ctx, func() error { return e.db.DropPrefix([]byte{kindFiller}) }); err != nil {
		return err
	}
	return e.db.Flatten(1)
}

// aside runs fn while nothing is written, after all that was to be written before.
func (e *Engine) aside(ctx context.Context, fn func() error) error {
	t := &task{ctx: ctx, alone: fn, done: make(chan struct{})}
	select {
	case e.tasks <- t:
	case <-ctx.Done():
		return ctx.Err()
	}
	<-t.done
	return t.err
}

// collectAll rewrites every value-log file that holds garbage.
func (e *Engine) collectAll(ctx context.Context) error {
	if err := e.collectAt(ctx, purgeRatio); err != nil {
		return err
	}
	return ctx.Err()
}
