package command_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The README is run as a reader would run it. A fenced block of sh that follows the comment "run" is run, all of them in order in one session of sh -e and in a folder of
// its own; a block of json or text that follows the comment "answer" is what the block of sh before it must have printed, see differences and textDifferences.
//
//   - 127.0.0.1:8080 is a free port instead, and put back in what is printed.
//   - The program is on the path as sihai, and is bin/sihai; curl is the stand-in. The folders testdata and configs of the module are there.
//   - A line that serves goes into the background, as in a reader's second terminal, and the next line waits until it answers.
//   - A line of make is not run: its target has to be there. Lines that clone the module and go to its folder are passed over.

// readmeBlock is a fenced block with a mark.
type readmeBlock struct {
	mark, kind string
	line       int // of its fence, from 1
	text       string
}

// markedBlocks finds the marked blocks of a document in Markdown.
func markedBlocks(document string) (blocks []readmeBlock, err error) {
	all := strings.Split(document, "\n")
	mark := ""
	for i := 0; i < len(all); i++ {
		line := strings.TrimSpace(all[i])
		if m := regexp.MustCompile(`^<!-- (run|answer) -->$`).FindStringSubmatch(line); m != nil {
			mark = m[1]
			continue
		}
		kind, fence := strings.CutPrefix(line, "```")
		if !fence {
			if mark != "" && line != "" {
				return nil, fmt.Errorf("line %d: the mark %q has no block", i, mark)
			}
			continue
		}
		end := i + 1
		for end < len(all) && strings.TrimSpace(all[end]) != "```" {
			end++
		}
		if end == len(all) {
			return nil, fmt.Errorf("line %d: the block does not end", i+1)
		}
		if mark != "" {
			blocks = append(blocks, readmeBlock{mark, kind, i + 1, strings.Join(all[i+1:end], "\n") + "\n"})
		}
		i, mark = end, ""
	}
	return blocks, nil
}

var (
	makeLine   = regexp.MustCompile(`^(?:[A-Z_]+=\S+ )*make((?: [A-Za-z_=0-9]+)*)(?: *#.*)?$`)
	passedOver = regexp.MustCompile(`^(git clone .*|cd sihai)$`)
	servesLine = regexp.MustCompile(`^(?:[A-Z_]+=\S+ )*(?:\./)?(?:bin/)?sihai (?:serve|demo)\b`)
)

// script makes shell of a block. What is printed goes to the file out, what a server prints to its own.
func (b *readmeBlock) script(out, port string, targets []string) (string, error) {
	var s strings.Builder
	fmt.Fprintf(&s, "exec >%s\n", out)
	text := strings.NewReplacer("127.0.0.1:8080", "127.0.0.1:"+port, "localhost:8080", "127.0.0.1:"+port).Replace(b.text)
	rest := strings.Split(text, "\n")
	for len(rest) > 0 {
		line := rest[0]
		rest = rest[1:]
		for strings.HasSuffix(line, `\`) && len(rest) > 0 {
			line, rest = line+"\n"+rest[0], rest[1:]
		}
		flat := strings.ReplaceAll(line, "\\\n", "")
		made := makeLine.FindStringSubmatch(flat)
		switch {
		case made != nil:
			for _, target := range strings.Fields(made[1]) {
				if !strings.Contains(target, "=") && !slices.Contains(targets, target) {
					return "", fmt.Errorf("line %d: there is no target %s", b.line, target)
				}
			}
		case passedOver.MatchString(flat):
		case servesLine.MatchString(flat) && !strings.Contains(flat, "--once"):
			flat = strings.TrimSuffix(strings.TrimSpace(flat), "&")
			fmt.Fprintf(&s, "%s >>server.out 2>&1 &\ncurl -sf --retry 300 http://127.0.0.1:%s/readyz >/dev/null\n", flat, port)
		default:
			s.WriteString(line + "\n")
		}
	}
	return s.String(), nil
}

// reading is a run of a document's marked blocks.
type reading struct {
	dir, port string
	blocks    []readmeBlock
	outs      map[int]string // of each block that was run, by its index
}

// read runs the blocks and returns what each printed.
func read(t *testing.T, document string) reading {
	t.Helper()
	r := reading{dir: t.TempDir(), port: freePort(t), outs: map[int]string{}}
	var err error
	if r.blocks, err = markedBlocks(document); err != nil {
		t.Fatal(err)
	}
	targets := makeTargets(t)
	all := "set -e\n"
	for i, b := range r.blocks {
		if b.mark != "run" {
			continue
		}
		part, err := b.script(fmt.Sprintf("block-%d.out", i), r.port, targets)
		if err != nil {
			t.Fatal(err)
		}
		all += part
	}
	r.run(t, all)
	for i, b := range r.blocks {
		if b.mark == "run" {
			out, err := os.ReadFile(filepath.Join(r.dir, fmt.Sprintf("block-%d.out", i)))
			if err != nil {
				t.Fatal(err)
			}
			r.outs[i] = strings.ReplaceAll(string(out), "127.0.0.1:"+r.port, "127.0.0.1:8080")
		}
	}
	return r
}

// run runs the script in its folder and ends what it left running.
func (r *reading) run(t *testing.T, script string) {
	t.Helper()
	bin := filepath.Join(r.dir, "bin")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"bin/sihai": program(t), "bin/curl": self, "testdata": filepath.Join(moduleRoot(t), "testdata"), "configs": filepath.Join(moduleRoot(t), "configs"),
	} {
		if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	errs, err := os.Create(filepath.Join(r.dir, "errors.out"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errs.Close() }()
	sh := exec.Command("sh")
	sh.Dir, sh.Stdin, sh.Stderr = r.dir, strings.NewReader(script), errs // a file, so that Wait does not wait for servers
	sh.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "SIHAI_LISTEN=127.0.0.1:"+r.port)
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := sh.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(2*patience, func() { _ = syscall.Kill(-sh.Process.Pid, syscall.SIGKILL) })
	defer limit.Stop()
	failed := sh.Wait()
	_ = syscall.Kill(-sh.Process.Pid, syscall.SIGKILL) // the group is gone where no server was left
	if failed != nil {
		for _, name := range []string{"errors.out", "server.out"} {
			told, _ := os.ReadFile(filepath.Join(r.dir, name))
			t.Logf("%s: %s", name, told)
		}
		t.Fatalf("the commands end with %v", failed)
	}
}

// check compares each written answer with what the block before it printed.
func (r *reading) check() (wrong []string) {
	last := -1
	for i, b := range r.blocks {
		if b.mark == "run" {
			last = i
			continue
		}
		var found []string
		switch {
		case last < 0:
			found = []string{"nothing was run before it"}
		case b.kind == "text":
			found = textDifferences(b.text, r.outs[last])
		default:
			written, err := decodeJSON(b.text)
			if err != nil {
				found = []string{err.Error()}
				break
			}
			came, err := lastJSON(r.outs[last])
			if err != nil {
				found = []string{err.Error()}
				break
			}
			found = differences("", written, came)
		}
		for _, f := range found {
			wrong = append(wrong, fmt.Sprintf("answer at line %d: %s", b.line, f))
		}
	}
	return wrong
}

// makeTargets lists what make can be asked for.
func makeTargets(t *testing.T) (targets []string) {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join(moduleRoot(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range regexp.MustCompile(`(?m)^([a-z]+):`).FindAllStringSubmatch(string(makefile), -1) {
		targets = append(targets, target[1])
	}
	return targets
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestReadmeDoesWhatItSays(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(moduleRoot(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	r := read(t, string(document))
	marks := map[string]int{}
	for _, b := range r.blocks {
		marks[b.mark]++
	}
	if marks["run"] == 0 || marks["answer"] == 0 {
		t.Errorf("the README has no commands to run, or no answer to hold them to: %v", marks)
	}
	for _, wrong := range r.check() {
		t.Error(wrong)
	}
	for _, command := range regexp.MustCompile("`((?:[A-Z]+=\\S+ )?make [a-z]+)`").FindAllStringSubmatch(string(document), -1) {
		if _, err := (&readmeBlock{text: command[1] + "\n"}).script("", "", makeTargets(t)); err != nil {
			t.Errorf("%s: %v", command[1], err)
		}
	}
}

// What the trial above leans on: blocks share one session, servers answer before the next line, and a wrong answer is found.
func TestDocumentsAreRunAsWritten(t *testing.T) {
	const document = "# A\n\n<!-- run -->\n```sh\nmake test\nONCE=1 make demo # a comment\nshop=$(pwd)/shop\nsihai merchants put sunny --name en=Sunny --data $shop --output json\n```\n\n" +
		"<!-- answer -->\n```json\n{\"id\": \"sunny\", \"version\": 1, \"…\": \"…\"}\n```\nText.\n\n```sh\nexit 1\n```\n\n" +
		"<!-- run -->\n```sh\nSIHAI_BOOTSTRAP_KEY=a-key-of-this-document \\\nbin/sihai serve --data \"$shop\"\ncurl -s http://127.0.0.1:8080/v1/merchants/sunny \\\n  -H 'Authorization: Bearer a-key-of-this-document'\necho\necho on 127.0.0.1:8080\n```\n" +
		"<!-- answer -->\n```json\n{\"id\": \"moony\", \"…\": \"…\"}\n```\n<!-- answer -->\n```text\non 127.0.0.1:8080\n```\n"
	r := read(t, document)
	want := []string{"answer at line 31: .id: moony is written, sunny came"}
	if wrong := r.check(); !slices.Equal(wrong, want) {
		t.Errorf("found %q, want %q", wrong, want)
	}
}
