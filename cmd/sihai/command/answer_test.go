package command_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// anything stands in a written answer for what is not told there.
const anything = "…"

// volatile names members that differ in every run: any value of the same kind is right.
var volatile = []string{"decision_id", "time", "secret", "started_at", "finished_at", "created_at"}

// differences compares a written answer with the one that came, both decoded with json.Number, and returns what is wrong, each with its path. Beside equal
// values these are right: any value for "…"; members that are not written where there is a member "…"; items that are not written where the last one is "…"; any
// value of the same kind for a volatile member; a number that rounds to the one that is written.
func differences(path string, written, came any) []string {
	if written == anything {
		return nil
	}
	wrong := []string{fmt.Sprintf("%s: %v is written, %v came", path, written, came)}
	switch w := written.(type) {
	case map[string]any:
		c, ok := came.(map[string]any)
		if !ok {
			return wrong
		}
		return memberDifferences(path, w, c)
	case []any:
		c, ok := came.([]any)
		if !ok {
			return wrong
		}
		return itemDifferences(path, w, c)
	case json.Number:
		c, ok := came.(json.Number)
		if ok && rounds(string(c), string(w)) {
			return nil
		}
		return wrong
	}
	if written == came {
		return nil
	}
	return wrong
}

func memberDifferences(path string, written, came map[string]any) (wrong []string) {
	_, more := written[anything]
	for name, w := range written {
		c, there := came[name]
		switch {
		case name == anything:
		case !there:
			wrong = append(wrong, fmt.Sprintf("%s.%s is written and did not come", path, name))
		case slices.Contains(volatile, name) && fmt.Sprintf("%T", w) == fmt.Sprintf("%T", c):
		default:
			wrong = append(wrong, differences(path+"."+name, w, c)...)
		}
	}
	for name, c := range came {
		if _, there := written[name]; !there && !more {
			wrong = append(wrong, fmt.Sprintf("%s.%s came, %v, and is not written", path, name, c))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func itemDifferences(path string, written, came []any) (wrong []string) {
	if n := len(written); n > 0 && written[n-1] == anything && len(came) >= n-1 {
		written, came = written[:n-1], came[:n-1]
	}
	if len(written) != len(came) {
		return []string{fmt.Sprintf("%s: %d items are written, %d came", path, len(written), len(came))}
	}
	for i := range written {
		wrong = append(wrong, differences(fmt.Sprintf("%s[%d]", path, i), written[i], came[i])...)
	}
	return wrong
}

// rounds reports whether a number, rounded to the decimals of a written one, is that; a whole one allows for no more than the error of a sum.
func rounds(came, written string) bool {
	c, err := strconv.ParseFloat(came, 64)
	w, err2 := strconv.ParseFloat(written, 64)
	if err != nil || err2 != nil {
		return false
	}
	_, decimals, found := strings.Cut(written, ".")
	if !found {
		return math.Abs(c-w) <= 1e-6
	}
	return math.Abs(c-w) <= 0.5000001*math.Pow10(-len(decimals))
}

// lastJSON decodes the last JSON value of an output, which begins at the start of a line.
func lastJSON(out string) (value any, err error) {
	err = fmt.Errorf("no JSON in %q", out)
	at := len(out)
	for at > 0 {
		at = strings.LastIndexByte(out[:at], '\n')
		if rest := out[at+1:]; rest != "" && (rest[0] == '{' || rest[0] == '[') {
			dec := json.NewDecoder(strings.NewReader(rest)) // up to the end of the value: what follows is not JSON
			dec.UseNumber()
			if err = dec.Decode(&value); err == nil {
				return value, nil
			}
		}
	}
	return nil, err
}

func decodeJSON(text string) (value any, err error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	err = dec.Decode(&value)
	if err == nil && dec.More() {
		err = fmt.Errorf("more than one JSON value: %s", text)
	}
	return value, err
}

// textDifferences returns the written lines that did not come in their order. Runs of blanks are equal, and … matches anything.
func textDifferences(written, came string) (wrong []string) {
	blanks := regexp.MustCompile(`\s+`)
	for line := range strings.Lines(written) {
		words := strings.TrimSpace(blanks.ReplaceAllString(line, " "))
		if words == "" {
			continue
		}
		pattern := regexp.MustCompile(`(?m)^\s*` + strings.NewReplacer(anything, ".*", " ", `[ \t]+`).Replace(regexp.QuoteMeta(words)) + `\s*$`)
		at := pattern.FindStringIndex(came)
		if at == nil {
			wrong = append(wrong, words)
			continue
		}
		came = came[at[1]:]
	}
	return wrong
}

func TestDifferencesOfAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		written, came string
		wrong         string // part of the first difference; empty: none
	}{
		"equal":              {`{"a": [1, "x", null, true]}`, `{"a":[1,"x",null,true]}`, ""},
		"other text":         {`{"a": "x"}`, `{"a": "y"}`, ".a: x is written, y came"},
		"other kind":         {`{"a": {}}`, `{"a": []}`, ".a: map[] is written"},
		"missing":            {`{"a": 1}`, `{}`, ".a is written and did not come"},
		"besides":            {`{}`, `{"a": 1}`, ".a came, 1"},
		"besides, left out":  {`{"b": 2, "…": "…"}`, `{"a": 1, "b": 2}`, ""},
		"any value":          {`{"a": "…"}`, `{"a": {"b": 1}}`, ""},
		"further items":      {`[1, "…"]`, `[1, 2, 3]`, ""},
		"no further items":   {`[1, "…"]`, `[1]`, ""},
		"too few":            {`[1, 2, "…"]`, `[1]`, "3 items are written, 1 came"},
		"too many":           {`[1]`, `[1, 2]`, "1 items are written, 2 came"},
		"within":             {`{"a": [{"b": 1}]}`, `{"a": [{"b": 2}]}`, ".a[0].b: 1 is written"},
		"rounded":            {`[68.6, 0.50]`, `[68.6123, 0.4951]`, ""},
		"rounded otherwise":  {`[68.6]`, `[68.66]`, "[0]: 68.6"},
		"whole numbers":      {`[1]`, `[1.2]`, "[0]: 1"},
		"almost whole":       {`[1]`, `[0.9999999999998]`, ""},
		"volatile":           {`{"time": "2026"}`, `{"time": "2027"}`, ""},
		"volatile, no value": {`{"time": "2026"}`, `{"time": 5}`, ".time: 2026"},
	} {
		t.Run(name, func(t *testing.T) {
			written, err := decodeJSON(c.written)
			if err != nil {
				t.Fatal(err)
			}
			came, err := lastJSON("{told}\n{\"before\": 1}\n" + c.came + "\n")
			if err != nil {
				t.Fatal(err)
			}
			wrong := differences("", written, came)
			if c.wrong == "" && len(wrong) > 0 || c.wrong != "" && (len(wrong) != 1 || !strings.Contains(wrong[0], c.wrong)) {
				t.Errorf("%q, want %q", wrong, c.wrong)
			}
		})
	}
	if wrong := textDifferences("a  b\n1 … 3\n\n", "x\na b\n1 2 3  \n"); wrong != nil {
		t.Errorf("lines that came did not match: %q", wrong)
	}
	if wrong := textDifferences("a b\nc\n", "c\na b\n"); !slices.Equal(wrong, []string{"c"}) {
		t.Errorf("lines in another order: %q", wrong)
	}
}
