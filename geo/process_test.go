package geo_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a server in the background.
type process struct {
	pid   int // of the shell above it
	ended chan struct{}
	log   string // file
}

// spawn starts a server that ends with the benchmark, and also when this process is killed: a shell waits for the end of its input to end it.
func spawn(b *testing.B, as *syscall.Credential, env []string, command ...string) *process {
	b.Helper()
	// PostgreSQL takes the first signal not to wait for its clients, the index only the second: the shell has had the first ignored.
	const keeper = `exec 3<&0; "$@" </dev/null & server=$!; { read -r end; kill -INT $server; kill $server; } <&3 & wait $server`
	p := &process{ended: make(chan struct{}), log: filepath.Join(b.TempDir(), "log")}
	log, err := os.Create(p.log)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	sh := exec.Command("sh", append([]string{"-c", keeper, "sh"}, command...)...)
	sh.Stdout, sh.Stderr = log, log
	sh.Env = append(os.Environ(), env...)
	if as != nil {
		sh.Dir, sh.SysProcAttr = "/", &syscall.SysProcAttr{Credential: as}
	}
	input, err := sh.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := sh.Start(); err != nil {
		b.Fatal(err)
	}
	p.pid = sh.Process.Pid
	go func() {
		_ = sh.Wait()
		close(p.ended)
	}()
	b.Cleanup(func() {
		_ = input.Close()
		<-p.ended
	})
	return p
}

// await tries until it works.
func (p *process) await(b *testing.B, limit time.Duration, try func() error) {
	b.Helper()
	end := time.Now().Add(limit)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-p.ended:
			end = time.Time{}
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(p.log)
			b.Fatalf("%v; the server says:\n%s", err, log)
		}
	}
}

// cpu is the time that the processor gave the server and its children, to 10 ms, as Linux tells it; elsewhere it is 0.
func (p *process) cpu() time.Duration {
	const tick = time.Second / 100 // proc_pid_stat(5): _SC_CLK_TCK
	above, used := map[int]int{}, map[int]time.Duration{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		stat, _ := os.ReadFile(name)
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest) // from the third on
		if len(fields) < 13 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		above[pid], _ = strconv.Atoi(fields[1])
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		used[pid] = time.Duration(user+system) * tick
	}
	sum := time.Duration(0)
	for pid, d := range used {
		for at := pid; at > 0; at = above[at] {
			if at == p.pid {
				sum += d
				break
			}
		}
	}
	return sum
}

// freePort is one that nothing listened to a moment ago.
func freePort(b *testing.B) int {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
