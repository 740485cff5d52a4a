package geo_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/geo"
)

// indexServer is a process that answers from an index.
type indexServer struct {
	*process
	port int
}

// The process of the index is this very program, told so by its environment.
const socketPort = "SIHAI_SOCKET_PORT"

func startIndex(b *testing.B) *indexServer {
	b.Helper()
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	port := freePort(b)
	return &indexServer{spawn(b, nil, []string{fmt.Sprintf("%s=%d", socketPort, port)}, program, "-test.run=^TestSocketServer$"), port}
}

// await waits for the index to be built.
func (s *indexServer) await(b *testing.B) {
	b.Helper()
	s.process.await(b, 20*time.Minute, func() error { return ping(s.port) })
}

func (s *indexServer) dialler(words ...string) dialler {
	return respDialler(s.process, s.port, words...)
}

// TestSocketServer is no test, but the server of BenchmarkSocket.
func TestSocketServer(t *testing.T) {
	port := os.Getenv(socketPort)
	if port == "" {
		t.Skip("the server of a benchmark")
	}
	s := newSocketServer(t)
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = s.serve(conn) }()
	}
}

// socketServer answers MATCH lng lat with the handles of the fences there, RADIUS lng lat metres with those of the fences that near, and CENTRES lng lat metres with
// those of the fences whose centre is that near.
type socketServer struct {
	index   *geo.Index
	centres *geo.Points
}

func newSocketServer(tb testing.TB) *socketServer {
	w, items, points := newWorld(1), make([]geo.Item, worldSize()), make([]geo.Point, worldSize())
	var drawing []byte
	for i := range items {
		items[i] = geo.Item{Handle: uint32(i), Fence: w.fence(tb)}
		drawing = items[i].Fence.AppendGeoJSON(drawing[:0])
		points[i] = geo.Point{Handle: uint32(i), At: centreOf(drawing)}
	}
	s := &socketServer{index: new(geo.Index), centres: new(geo.Points).Apply(nil, points)}
	for part := range slices.Chunk(items, 50_000) {
		s.index = s.index.Apply(nil, part)
	}
	return s
}

// serve answers commands until the client goes; what it has sent at once is answered at once.
func (s *socketServer) serve(conn net.Conn) error {
	defer func() { _ = conn.Close() }()
	in, out := bufio.NewReaderSize(conn, 1<<16), bufio.NewWriterSize(conn, 1<<16)
	var a answer
	for {
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		words, err := a.read(in)
		if err != nil {
			return err
		}
		if err := a.write(out, s, words); err != nil {
			return err
		}
	}
}

// answer is what a connection keeps from one command to the next.
type answer struct {
	words   []string
	handles []uint32
	near    []geo.Near
	text    []byte
}

func (a *answer) read(in *bufio.Reader) ([]string, error) {
	n, err := readCount(in, '*')
	if err != nil || n > 8 {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	a.words = a.words[:0]
	for range n {
		size, err := readCount(in, '$')
		if err != nil || size > 64 {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		word, err := in.Peek(size + 2)
		if err != nil {
			return nil, err
		}
		a.words = append(a.words, string(word[:size]))
		_, _ = in.Discard(size + 2)
	}
	return a.words, nil
}

func (a *answer) write(out *bufio.Writer, s *socketServer, words []string) error {
	if len(words) == 1 && strings.EqualFold(words[0], "PING") {
		_, err := out.WriteString("+PONG\r\n")
		return err
	}
	numbers := [3]float64{}
	for i, word := range words[min(1, len(words)):] {
		n, err := strconv.ParseFloat(word, 64)
		if err != nil || i == len(numbers) {
			_, err := out.WriteString("-ERR numbers\r\n")
			return err
		}
		numbers[i] = n
	}
	p, handles := at(numbers[1], numbers[0]), a.handles[:0]
	switch command := strings.Join(words[:min(1, len(words))], ""); {
	case command == "MATCH" && len(words) == 3:
		handles = s.index.Lookup(handles, p)
	case command == "RADIUS" && len(words) == 4:
		handles = s.index.Within(handles, p, geo.Meters(numbers[2]))
	case command == "CENTRES" && len(words) == 4:
		a.near = s.centres.Within(a.near[:0], p, geo.Meters(numbers[2]))
		for _, n := range a.near {
			handles = append(handles, n.Handle)
		}
	default:
		_, err := out.WriteString("-ERR command\r\n")
		return err
	}
	a.handles = handles
	a.text = append(strconv.AppendInt(append(a.text[:0], '*'), int64(len(handles)), 10), "\r\n"...)
	for _, handle := range handles {
		a.text = append(strconv.AppendUint(append(a.text, ':'), uint64(handle), 10), "\r\n"...)
	}
	_, err := out.Write(a.text)
	return err
}

// TestSocketServerAnswers sends commands at once, and reads what comes one by one.
func TestSocketServerAnswers(t *testing.T) {
	near, far := figure{center: at(25.79, -80.13), radius: 800}, figure{center: at(25.79, -80.12), radius: 100}
	s := &socketServer{
		index:   new(geo.Index).Apply(nil, []geo.Item{{Handle: 7, Fence: near.fence(t)}, {Handle: 300, Fence: far.fence(t)}}),
		centres: new(geo.Points).Apply(nil, []geo.Point{{Handle: 7, At: near.center}, {Handle: 300, At: far.center}}),
	}
	client, server := net.Pipe()
	_ = client.SetDeadline(time.Now().Add(time.Minute))
	ended := make(chan error, 1)
	go func() { ended <- s.serve(server) }()
	go func() {
		var text []byte
		for _, words := range [][]string{{"PING"}, {"MATCH", "lng", "lat"}, {"RADIUS", "lng", "lat", "1500"}, {"CENTRES", "lng", "lat", "2000"}, {"MATCH", "lng"}, {"MATCH", "lng", "x"}} {
			text = appendCommand(text, words, at(25.79, -80.131))
		}
		_, _ = client.Write(text)
	}()
	const want = "+PONG\r\n*1\r\n:7\r\n*2\r\n:7\r\n:300\r\n*2\r\n:7\r\n:300\r\n-ERR command\r\n-ERR numbers\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(client, got); err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	_ = client.Close()
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
