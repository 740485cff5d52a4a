// Package spool keeps the files of uploads until they have been read: on disk before they are acknowledged, and bounded.
//
// Its main type is Folder.
//
//	folder, err := spool.Open("sihai-data/uploads", 10<<30)
//	size, err := folder.Keep(id, body) // durable once it returns
//
// Not here: whose a file is and what becomes of it, which the record of its import says.
package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sihai-network/sihai/engine"
)

// Folder is a folder of files by ID. It is safe for concurrent use.
type Folder struct {
	dir  string
	most int64

	mu   sync.Mutex // guards used
	used int64      // bytes of all files, those that are still written too
}

var _ engine.Spool = (*Folder)(nil)

// unfinished ends the name of a file that is not whole.
const unfinished = ".part"

// Open makes a folder where there is none, and removes what a crash left unfinished. most bounds the bytes of all files together; 0: 10 GiB.
func Open(dir string, most int64) (*Folder, error) {
	if most <= 0 {
		most = 10 << 30
	}
	f := &Folder{dir: dir, most: most}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), unfinished) {
			if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
				return nil, fmt.Errorf("open spool: %w", err)
			}
			continue
		}
		if info, err := entry.Info(); err == nil {
			f.used += info.Size()
		}
	}
	return f, nil
}

// Keep implements engine.Spool.
func (f *Folder) Keep(id string, src io.Reader) (size int64, err error) {
	path := filepath.Join(f.dir, id)
	if id == "" || id != filepath.Base(path) || strings.HasPrefix(id, ".") || strings.HasSuffix(id, unfinished) {
		return 0, fmt.Errorf("keep upload %q: not a name", id)
	}
	file, err := os.OpenFile(path+unfinished, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("keep upload: %w", err)
	}
	size, err = f.fill(file, src)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(path+unfinished, path)
	}
	if err == nil {
		err = f.sync()
	}
	if err != nil {
		_ = os.Remove(path + unfinished)
		_ = os.Remove(path)
		f.release(size)
		return 0, fmt.Errorf("keep upload: %w", err)
	}
	return size, nil
}

// fill copies src, whose bytes count as used from the first on.
func (f *Folder) fill(file io.Writer, src io.Reader) (size int64, err error) {
	buf := make([]byte, 1<<16)
	for {
		n, readErr := src.Read(buf)
		if n > 0 {
			if !f.take(int64(n)) {
				return size, fmt.Errorf("%w: the uploads that wait take all %d bytes that there are for them", engine.ErrUnavailable, f.most)
			}
			size += int64(n)
			if _, err := file.Write(buf[:n]); err != nil {
				return size, err
			}
		}
		if errors.Is(readErr, io.EOF) {
			return size, nil
		}
		if readErr != nil {
			return size, readErr
		}
	}
}

func (f *Folder) take(n int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.used+n > f.most {
		return false
	}
	f.used += n
	return true
}

func (f *Folder) release(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used -= n
}

// sync makes the names in the folder durable.
func (f *Folder) sync() error {
	dir, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Read implements engine.Spool.
func (f *Folder) Read(id string) (io.ReadCloser, error) {
	file, err := os.Open(filepath.Join(f.dir, filepath.Base(id)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read upload %s: %w", id, engine.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	return file, nil
}

// Remove implements engine.Spool.
func (f *Folder) Remove(id string) error {
	path := filepath.Join(f.dir, filepath.Base(id))
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil {
		return fmt.Errorf("remove upload: %w", err)
	}
	f.release(info.Size())
	return nil
}

// IDs implements engine.Spool.
func (f *Folder) IDs() ([]string, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fmt.Errorf("list uploads: %w", err)
	}
	var ids []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), unfinished) {
			ids = append(ids, entry.Name())
		}
	}
	return ids, nil
}
