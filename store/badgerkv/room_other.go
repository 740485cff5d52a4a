//go:build !linux && !darwin

package badgerkv

import (
	"errors"
	"io/fs"
)

var errFreeUnknown = errors.New("free space is not known")

func freeBytes(string) (uint64, error) { return 0, errFreeUnknown }

func blockBytes(fs.FileInfo) (uint64, bool) { return 0, false }
