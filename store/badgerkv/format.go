package badgerkv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

const (
	formatFile   = "FORMAT"
	formatPrefix = "sihai store format "
)

// prepareDir makes the folder and its FORMAT file, or reads that file before anything in the folder is opened for writing.
func prepareDir(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, formatFile))
	if err == nil {
		return checkFormatText(string(text))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "MANIFEST")); err == nil {
		return fmt.Errorf("it holds a database, but no %s file: it is not a store of this program", formatFile)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return writeFormat(dir)
}

// writeFormat makes the FORMAT file whole or not at all, and on disk before the first byte of the database.
func writeFormat(dir string) error {
	f, err := os.CreateTemp(dir, formatFile+"-*")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s%d\n", formatPrefix, kv.Format)
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, formatFile))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func checkFormatText(text string) error {
	digits, ok := strings.CutPrefix(strings.TrimSpace(text), formatPrefix)
	format, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil {
		return fmt.Errorf("its %s file is not a store's: %.40q", formatFile, text)
	}
	return checkFormat(format)
}

func checkFormat(format uint64) error {
	if format > kv.Format {
		return fmt.Errorf("%w: %d, this release knows up to %d", kv.ErrNewerFormat, format, kv.Format)
	}
	return nil
}

// checkFormatRecord checks the format record in the database, which a copy made without the FORMAT file still has, and makes it in a new one.
func checkFormatRecord(db *badger.DB) error {
	return db.Update(func(txn *badger.Txn) error {
		item, err := txn.Get(formatKey)
		if errors.Is(err, badger.ErrKeyNotFound) {
			return txn.Set(formatKey, binary.AppendUvarint(nil, kv.Format))
		}
		if err != nil {
			return err
		}
		return item.Value(func(value []byte) error {
			format, n := binary.Uvarint(value)
			if n <= 0 {
				return fmt.Errorf("format record is corrupt: %x", value)
			}
			return checkFormat(format)
		})
	})
}
