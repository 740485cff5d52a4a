package engine

import (
	"context"
	"io"
)

// Spool keeps the files of uploads until they have been read.
type Spool interface {
	// Keep is durable when it returns nil; then size is that of the file in bytes. ErrUnavailable when there is no room; an error of src is returned as it is.
	Keep(id string, src io.Reader) (size int64, err error)
	// Read returns ErrNotFound when there is no such file.
	Read(id string) (io.ReadCloser, error)
	// Remove does nothing when there is no such file.
	Remove(id string) error
	// IDs lists the files, ascending.
	IDs() ([]string, error)
}

// ImportQueue runs uploads behind their answers: a file is kept first, and read when its turn comes.
type ImportQueue interface {
	// Keep keeps the file of an import to come and returns its size in bytes. What is not submitted is forgotten at the next start.
	Keep(id ImportID, src io.Reader) (int64, error)
	// Submit queues an import whose file was kept, which is i.Size long. Once it returns the import ends in one of its final states, whatever crashes.
	// Faults for an i that asks for something there is not. Where w.Once was used before the earlier import is returned, and the file forgotten.
	Submit(ctx context.Context, w Write, i Import) (Import, error)
	// Cancel calls an import off and returns what became of it. ErrEnded when that is something else: it has ended, or is not queued at all.
	Cancel(ctx context.Context, id ImportID) (Import, error)
}
