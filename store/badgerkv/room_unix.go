//go:build linux || darwin

package badgerkv

import (
	"io/fs"
	"syscall"
)

// freeBytes returns what a user may still write on the disk of a folder.
func freeBytes(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// blockBytes returns what a file takes of the disk.
func blockBytes(info fs.FileInfo) (uint64, bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return uint64(s.Blocks) * 512, true
}
