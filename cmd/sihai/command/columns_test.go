package command

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestColumns(t *testing.T) {
	const file = "\ufeffvenue_id,name,seats,lat\nv1,\"Joe's, the first\",50,25.7\nv2,喜来登,3,-1\n"
	for name, c := range map[string]struct {
		take, set []string
		want      string // the file, or a part of the error
	}{
		"as it is":       {nil, nil, "venue_id,name,seats,lat\nv1,\"Joe's, the first\",50,25.7\nv2,喜来登,3,-1\n"},
		"renamed":        {[]string{"venue_id=id", "lat", "name=name.en"}, nil, "id,lat,name.en\nv1,25.7,\"Joe's, the first\"\nv2,-1,喜来登\n"},
		"constant":       {[]string{"venue_id=id"}, []string{"currency=USD", "chain="}, "id,currency,chain\nv1,USD,\nv2,USD,\n"},
		"no such column": {[]string{"id"}, nil, `no column "id"; there are venue_id, name, seats, lat`},
		"set over file":  {nil, []string{"lat=1"}, `column "lat" is in the file and in --set`},
		"twice":          {[]string{"lat=a", "name=a"}, nil, "column a is given twice"},
		"half a pair":    {[]string{"=a"}, nil, "is not FROM=TO"},
		"half a set":     {nil, []string{"a"}, "is not COLUMN=VALUE"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			cols, err := parseColumns(c.take, c.set)
			if err == nil {
				var r *rows
				if r, err = cols.open(strings.NewReader(file)); err == nil {
					err = r.csv(&out)
				}
			}
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %q does not tell %q", err, c.want)
				}
				return
			}
			if out.String() != c.want {
				t.Errorf("got\n%s\nwant\n%s", out.String(), c.want)
			}
		})
	}
}

func TestTemplate(t *testing.T) {
	tmpl, err := parseTemplate([]byte(`{"id": "c-{id}", "title": {"en": "10% off at {name.en}"}, "venues": {"ids": ["{id}"]}, "discount": {"percent": 12.50}, "note": "{not a column}"}`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := columns{}.open(strings.NewReader("id,name.en\na,\"Say \"\"hi\"\" {id}\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := tmpl.ndjson(&out, r); err != nil {
		t.Fatal(err)
	}
	want := `{"discount":{"percent":12.50},"id":"c-a","note":"{not a column}","title":{"en":"10% off at Say \"hi\" {id}"},"venues":{"ids":["a"]}}` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}

func TestTemplateFaults(t *testing.T) {
	for name, c := range map[string]struct{ template, want string }{
		"syntax":      {`{`, "parse template"},
		"two values":  {`{} {}`, "more than one"},
		"no object":   {`[]`, "not a JSON object"},
		"no column":   {`{"a": "{b}{c}{id}"}`, "no column for {b}, {c}; there are id"},
		"in a member": {`{"a": [{"b": "{z}"}]}`, "{z}"},
	} {
		t.Run(name, func(t *testing.T) {
			tmpl, err := parseTemplate([]byte(c.template))
			if err == nil {
				err = tmpl.check([]string{"id"})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

func TestPipedTellsTheWritersError(t *testing.T) {
	broken := errors.New("broken")
	r := piped(func(w io.Writer) error {
		_, _ = io.WriteString(w, "part")
		return broken
	})
	got, err := io.ReadAll(r)
	if string(got) != "part" || !errors.Is(err, broken) {
		t.Errorf("read %q, %v", got, err)
	}
}

func FuzzColumns(f *testing.F) {
	f.Add("a,b\n1,2\n", "a=x", "c=d", `{"id": "{x}"}`)
	f.Add("\ufeffa\n\"\"\"\n", "a", "b=", `{"a": ["{a}", 1e400, null]}`)
	f.Fuzz(func(t *testing.T, file, take, set, tmpl string) {
		c, err := parseColumns([]string{take}, []string{set})
		if err != nil {
			return
		}
		r, err := c.open(strings.NewReader(file))
		if err != nil {
			return
		}
		var out strings.Builder
		if parsed, err := parseTemplate([]byte(tmpl)); err == nil {
			if parsed.ndjson(&out, r) == nil {
				for line := range strings.Lines(out.String()) {
					if !json.Valid([]byte(line)) {
						t.Errorf("not JSON: %q", line)
					}
				}
			}
			return
		}
		if r.csv(&out) == nil {
			if _, err := csv.NewReader(strings.NewReader(out.String())).ReadAll(); err != nil {
				t.Errorf("not CSV: %v in %q", err, out.String())
			}
		}
	})
}
