package geo_test

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/sihai-network/sihai/geo"
)

// redisServer knows no fences: it has their centres, and those within a radius are as near as it comes to a matched set.
type redisServer struct {
	*process
	port int
}

// search is a radius on Redis's globe (6,372,797.560856 m, its geohash_helper.c) of as many degrees as socketReach is on ours.
var search = []string{"GEOSEARCH", "centres", "FROMLONLAT", "lng", "lat", "BYRADIUS", fmt.Sprintf("%.4f", socketReach*6_372_797.560856/float64(geo.EarthRadius)), "m"}

// startRedis returns nil and what to install where there is none.
func startRedis(b *testing.B) (*redisServer, string) {
	b.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, "redis-server is not in PATH: install Redis 6.2 or later (Debian: redis-server)"
	}
	s := &redisServer{port: freePort(b)}
	s.process = spawn(b, nil, nil, program, "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", b.TempDir(), "--save", "", "--appendonly", "no", "--daemonize", "no")
	s.await(b, time.Minute, func() error { return ping(s.port) })
	return s, ""
}

func (s *redisServer) dialler(words ...string) dialler {
	if s == nil {
		return dialler{}
	}
	return respDialler(s.process, s.port, words...)
}

// centreLoad writes centres one after the other while their replies are read.
type centreLoad struct {
	b    *testing.B
	conn net.Conn
	out  *bufio.Writer
	read chan error
}

// load begins to fill the server; of a nil server it takes all and does nothing.
func (s *redisServer) load(b *testing.B) *centreLoad {
	b.Helper()
	if s == nil {
		return nil
	}
	c, err := dialRESP(s.port)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.conn.Close() })
	l := &centreLoad{b: b, conn: c.conn, out: bufio.NewWriterSize(c.conn, 1<<16), read: make(chan error, 1)}
	go func() {
		for range worldSize() {
			line, err := c.in.ReadString('\n')
			if err == nil && line != ":1\r\n" {
				err = fmt.Errorf("add centre: %q", line)
			}
			if err != nil {
				l.read <- err
				return
			}
		}
		l.read <- nil
	}()
	return l
}

func (l *centreLoad) add(handle int, centre geo.LatLng) {
	if l == nil {
		return
	}
	if _, err := l.out.Write(appendCommand(nil, []string{"GEOADD", "centres", "lng", "lat", strconv.Itoa(handle)}, centre)); err != nil {
		l.b.Fatal(err)
	}
}

func (l *centreLoad) close() {
	if l == nil {
		return
	}
	if err := l.out.Flush(); err != nil {
		l.b.Fatal(err)
	}
	if err := <-l.read; err != nil {
		l.b.Fatal(err)
	}
}
