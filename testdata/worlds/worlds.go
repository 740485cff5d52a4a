// Package worlds holds the data of guided worlds, embedded so that one binary can tell them anywhere. See README.md for
// what is real in them and what is invented.
package worlds

import (
	"embed"
	"io/fs"
)

//go:embed miami
var files embed.FS

// Miami returns merchants.ndjson, venues.ndjson, campaigns.ndjson and rates.csv of Greater Miami, each as an upload.
func Miami() (fs.FS, error) { return fs.Sub(files, "miami") }
