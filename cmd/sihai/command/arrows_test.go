package command_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sihai-network/sihai/"

// arrows says what each room may import besides the standard library: rooms of this module by their folder, other
// modules by the beginning of their path. An import that is not listed does not exist.
var arrows = map[string][]string{
	"geo":                          {"github.com/uber/h3-go/v4"},
	"scoring":                      {"scoring/trees", "gonum.org/v1/gonum"},
	"scoring/trees":                {},
	"scoring/pricing":              {},
	"scoring/interval":             {"gonum.org/v1/gonum"},
	"scoring/tuning":               {"scoring", "gonum.org/v1/gonum", "github.com/go-json-experiment/json"}, // jsontext: logs of millions of lines, token by token
	"scoring/tuning/bandit":        {"scoring", "scoring/tuning", "gonum.org/v1/gonum"},
	"scoring/tuning/fit":           {"scoring", "scoring/interval", "scoring/metrics", "scoring/trees", "scoring/tuning", "gonum.org/v1/gonum"},
	"scoring/metrics":              {},
	"scoring/experiment":           {"scoring/interval"},
	"scoring/tuning/evaluation":    {"scoring", "scoring/interval", "scoring/metrics", "scoring/tuning"},
	"scoring/tuning/offpolicy":     {"scoring/interval", "scoring/tuning", "gonum.org/v1/gonum"},
	"engine":                       {"geo", "scoring", "golang.org/x/text", "github.com/bojanz/currency"},
	"engine/catalog":               {"engine", "geo", "scoring", "scoring/experiment", "golang.org/x/text", "github.com/google/cel-go", "github.com/bojanz/currency", "github.com/ringsaturn/tzf"},
	"engine/decision":              {"engine", "geo", "scoring", "golang.org/x/text", "github.com/bojanz/currency"},
	"engine/ledger":                {"engine", "geo", "scoring", "scoring/pricing"},
	"engine/wire":                  {"engine", "geo", "scoring", "golang.org/x/text", "github.com/bojanz/currency", "github.com/go-json-experiment/json", "github.com/klauspost/compress"},                                    // the last: uploads packed by Zstandard
	"engine/analysis":              {"engine", "scoring", "scoring/experiment", "scoring/interval", "scoring/tuning", "scoring/tuning/bandit", "scoring/tuning/evaluation", "scoring/tuning/offpolicy", "gonum.org/v1/gonum"}, // the last: gamma, Poisson and normal distributions
	"engine/api":                   {"engine", "engine/wire", "scoring", "github.com/gin-gonic/gin", "github.com/danielgtaylor/huma/v2", "github.com/prometheus/client_golang", "golang.org/x/time"},
	"engine/client":                {"engine", "engine/wire"},
	"engine/privacy":               {"engine", "geo", "scoring"},
	"engine/webhook":               {"engine", "engine/wire"}, // and net/http: merchants are told over it, and its dialer is where addresses are refused
	"store":                        {"engine", "geo", "scoring", "store/kv", "google.golang.org/protobuf", "github.com/klauspost/compress"},
	"store/kv":                     {},
	"store/badgerkv":               {"store/kv", "github.com/dgraph-io/badger/v4"},
	"store/spool":                  {"engine"},
	"store/storetest":              {"engine", "geo", "scoring", "store", "store/kv"},
	"configs":                      {"github.com/spf13/viper"},
	"testdata/worlds":              {},
	"cmd/sihai":                    {"cmd/sihai/command"},
	"cmd/sihai/command":            {"*"},
	"store/kv/kvtest":              {"store/kv"},
	"engine/ledger/ledgertest":     {"engine", "github.com/anishathalye/porcupine"}, // which finds the order that explains a history
	"engine/api/apitest":           {"engine", "engine/api", "engine/catalog", "engine/analysis", "engine/decision", "engine/ledger", "engine/privacy", "engine/webhook", "engine/wire", "store", "store/badgerkv", "store/kv", "store/spool", "github.com/pb33f/libopenapi", "github.com/pb33f/libopenapi-validator"},
	"engine/api/apitest/generated": {"github.com/oapi-codegen/runtime"},
}

// only says in which one room a module may be imported.
var only = map[string]string{
	"github.com/uber/h3-go/":      "geo",
	"github.com/dgraph-io/badger": "store/badgerkv",
	"github.com/gin-gonic/gin":    "engine/api",
	"github.com/danielgtaylor/":   "engine/api",
	"github.com/spf13/viper":      "configs",
}

// noHTTP lists the rooms that know no transport.
var noHTTP = []string{"geo", "scoring", "scoring/trees", "store", "store/kv", "store/badgerkv", "engine", "engine/catalog", "engine/decision", "engine/ledger", "engine/analysis", "engine/privacy", "engine/wire"}

// maxLines bounds a file that is not a test.
const maxLines = 500

// source is a Go file that is not a test.
type source struct {
	name string // path from the root of the module
	room string // its folder
	ast  *ast.File
	data []byte
}

func TestArrows(t *testing.T) {
	for _, f := range sources(t) {
		allowed, known := arrows[f.room]
		if !known {
			t.Errorf("%s: room %s is not in the table of arrows", f.name, f.room)
			continue
		}
		for _, spec := range f.ast.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if !isAllowed(f.room, imported, allowed) {
				t.Errorf("%s: %s may not import %s", f.name, f.room, imported)
			}
		}
	}
}

func isAllowed(room, imported string, allowed []string) bool {
	for prefix, home := range only {
		if strings.HasPrefix(imported, prefix) && room != home {
			return false
		}
	}
	if imported == "net/http" && slices.Contains(noHTTP, room) {
		return false
	}
	inner, ours := strings.CutPrefix(imported, module)
	if ours && strings.HasPrefix(inner, "cmd/") {
		return room == "cmd/sihai"
	}
	if slices.Contains(allowed, "*") {
		return true
	}
	if ours {
		return slices.Contains(allowed, inner)
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	return slices.ContainsFunc(allowed, func(a string) bool { return imported == a || strings.HasPrefix(imported, a+"/") })
}

func TestNoInitAndNoLongFile(t *testing.T) {
	for _, f := range sources(t) {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: has an init function", f.name)
			}
		}
		if lines := strings.Count(string(f.data), "\n"); lines > maxLines && !ast.IsGenerated(f.ast) {
			t.Errorf("%s: %d lines, at most %d", f.name, lines, maxLines)
		}
		if f.name == "cmd/sihai/main.go" && strings.Count(string(f.data), "\n") > 30 {
			t.Errorf("%s: more than 30 lines", f.name)
		}
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	documented := make(map[string]bool)
	for _, f := range sources(t) {
		documented[f.room] = documented[f.room] || f.ast.Doc != nil
	}
	for room, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment", room)
		}
	}
}

func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(moduleRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	rooms := []string{".ci", ".git", ".github", "bin", "cmd", "configs", "engine", "geo", "scoring", "store", "testdata"}
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(rooms, e.Name()) {
			t.Errorf("top-level folder %s is none of %v", e.Name(), rooms)
		}
	}
}

// sources parses every Go file of the module but tests.
func sources(t *testing.T) []source {
	t.Helper()
	root := moduleRoot(t)
	var files []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != root {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files = append(files, source{rel, path.Dir(rel), parsed, data})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// moduleRoot is the folder of go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}
