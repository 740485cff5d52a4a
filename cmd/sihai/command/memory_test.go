package command_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMemoryLimit loads more than a memory limit has room for: the upload is refused with a clear error before it has changed anything, what was there
// is served on, and a start that would not fit says so. Without the limit the same upload goes in.
func TestMemoryLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	p := limited{dir: t.TempDir(), files: t.TempDir()}
	p.must(t, "", "merchants", "put", "m", "--name", "en=M")
	p.must(t, "", "import", p.file(t, "venues.csv", "id,name.en,lat,lon,time_zone\nv,V,25.79,-80.13,America/New_York\n"), "--merchant", "m", "--kind", "venues")
	p.must(t, "", "import", p.campaigns(t, 1, 1), "--merchant", "m")

	many := p.campaigns(t, 24_000, 2)
	code, told := p.run(t, "160MiB", "import", many, "--merchant", "m")
	if code != 1 || !strings.Contains(told, "no room in memory") || !strings.Contains(told, "GOMEMLIMIT") {
		t.Fatalf("more than fits: exit code %d, %s", code, told)
	}
	if offers := p.must(t, "160MiB", "decide", "--lat", "25.79", "--lon", "-80.13", "--count", "50"); strings.Count(offers, "c-1-") != 1 || strings.Contains(offers, "c-2-") {
		t.Errorf("after the refusal: %s", offers)
	}

	p.must(t, "", "import", many, "--merchant", "m")
	if offers := p.must(t, "", "decide", "--lat", "25.79", "--lon", "-80.13", "--count", "20"); !strings.Contains(offers, "c-2-") {
		t.Errorf("without a limit the upload is not there: %s", offers)
	}
	code, told = p.run(t, "120MiB", "decide", "--lat", "25.79", "--lon", "-80.13")
	if code != 1 || !strings.Contains(told, "no room in memory") {
		t.Errorf("a start that does not fit: exit code %d, %s", code, told)
	}
}

// limited runs the program on a folder.
type limited struct{ dir, files string }

func (p limited) file(t *testing.T, name, content string) string {
	t.Helper()
	name = filepath.Join(p.files, name)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// campaigns is a file of n campaigns at the venue, whose IDs begin with c- and a number.
func (p limited) campaigns(t *testing.T, n, number int) string {
	t.Helper()
	var rows bytes.Buffer
	for i := range n {
		fmt.Fprintf(&rows, `{"id": "c-%d-%d", "title": {"en": "%d off"}, "discount": {"type": "percent", "percent": 15}, "venues": {"ids": ["v"]}, "status": "enabled"}`+"\n", number, i, i)
	}
	return p.file(t, fmt.Sprintf("campaigns-%d.ndjson", number), rows.String())
}

// run returns the exit code and all that was told.
func (p limited) run(t *testing.T, limit string, args ...string) (code int, told string) {
	t.Helper()
	cmd := exec.Command(program(t), append(args, "--data", p.dir)...)
	if cmd.Env = os.Environ(); limit != "" {
		cmd.Env = append(cmd.Env, "GOMEMLIMIT="+limit)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (p limited) must(t *testing.T, limit string, args ...string) string {
	t.Helper()
	code, told := p.run(t, limit, args...)
	if code != 0 {
		t.Fatalf("%s: exit code %d, %s", strings.Join(args, " "), code, told)
	}
	return told
}
