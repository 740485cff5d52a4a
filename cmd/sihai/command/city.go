package command

import (
	"bufio"
	"bytes"
	"cmp"
	_ "embed" // the list of cities
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/geo"
)

// city is a real one.
type city struct {
	name    string
	country string // ISO 3166-1 alpha-2
	people  int
	at      geo.LatLng
	zone    string // IANA name; empty: not told
}

// largeCities is the built-in list, in the form that readCities reads.
//
//go:embed cities.tsv
var largeCities []byte

// builtInCities returns some 300 of the largest cities, spread over the world.
func builtInCities() ([]city, error) { return readCities(bytes.NewReader(largeCities)) }

// readCities reads a list with tabs between its columns: a header that names at least name, country, population, lat and lng, and may name
// time_zone; lines that begin with # are remarks. The cities come back with the most populous first, then by name. The error names the line.
func readCities(src io.Reader) ([]city, error) {
	var cities []city
	var columns map[string]int
	lines := bufio.NewScanner(src)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, "\t")
		var err error
		if columns == nil {
			columns, err = cityColumns(cells)
		} else {
			var c city
			c, err = readCity(columns, cells)
			cities = append(cities, c)
		}
		if err != nil {
			return nil, fmt.Errorf("read cities: line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read cities: %w", err)
	}
	if len(cities) == 0 {
		return nil, errors.New("read cities: there are none")
	}
	slices.SortStableFunc(cities, func(a, b city) int {
		return cmp.Or(cmp.Compare(b.people, a.people), cmp.Compare(a.name, b.name), cmp.Compare(a.country, b.country))
	})
	return cities, nil
}

// cityColumns finds where a list has what.
func cityColumns(header []string) (map[string]int, error) {
	columns := make(map[string]int, len(header))
	for i, name := range header {
		columns[name] = i
	}
	for _, name := range []string{"name", "country", "population", "lat", "lng"} {
		if _, ok := columns[name]; !ok {
			return nil, fmt.Errorf("no column %s", name)
		}
	}
	return columns, nil
}

func readCity(columns map[string]int, cells []string) (c city, err error) {
	if len(cells) != len(columns) {
		return c, fmt.Errorf("%d columns, the header has %d", len(cells), len(columns))
	}
	c.name, c.country = cells[columns["name"]], cells[columns["country"]]
	if i, ok := columns["time_zone"]; ok {
		c.zone = cells[i]
	}
	var faults [3]error
	c.people, faults[0] = strconv.Atoi(cells[columns["population"]])
	c.at.Lat, faults[1] = strconv.ParseFloat(cells[columns["lat"]], 64)
	c.at.Lng, faults[2] = strconv.ParseFloat(cells[columns["lng"]], 64)
	return c, errors.Join(errors.Join(faults[:]...), c.at.Validate())
}
