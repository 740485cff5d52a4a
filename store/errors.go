package store

import (
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// Translate puts the engine room's word beside an error of a kv.Engine, so that callers match one set of errors; both
// match afterwards. A DB does that itself. It is for who opens a kv.Engine: what a later release wrote is engine.ErrNewerFormat.
func Translate(err error) error {
	var word error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kv.ErrNewerFormat):
		word = engine.ErrNewerFormat
	case errors.Is(err, kv.ErrNoRoom):
		word = engine.ErrDiskFull
	case errors.Is(err, kv.ErrClosed), errors.Is(err, kv.ErrUnknownOutcome), errors.Is(err, kv.ErrLocked):
		word = engine.ErrUnavailable
	default:
		return err
	}
	if errors.Is(err, word) {
		return err
	}
	return fmt.Errorf("%w: %w", word, err)
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", engine.ErrCorrupt, fmt.Sprintf(format, args...))
}
