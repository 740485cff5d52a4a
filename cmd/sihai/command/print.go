package command

import (
	"encoding/json"
	"fmt"
)

// printJSON writes a value as indented JSON, with characters beyond ASCII as they are.
func (r *runner) printJSON(value any) error {
	enc := json.NewEncoder(r.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}
