package geo_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sihai-network/sihai/geo"
)

// postGIS has the fences as they are drawn, circles with 64 corners, sets of cells joined to one outline, in the order of the Hilbert curve under GiST
// indexes.
type postGIS struct {
	*process
	port int
}

// The plane of longitudes and latitudes is where the edges of our fences are straight too. Distances are asked of geography, on the sphere: those of the plane are no
// metres. The edges of geography are great circles, which tells only at fences as wide as countries.
const (
	covers  = `SELECT id FROM fences WHERE ST_Covers(fence, ST_SetSRID(ST_MakePoint($1, $2), 4326))`
	reaches = `SELECT id FROM rounds WHERE ST_DWithin(fence, ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography, 1000, false)`
)

// startPostGIS returns nil and what to install where something is missing.
func startPostGIS(b *testing.B) (*postGIS, string) {
	b.Helper()
	const install = ": install PostgreSQL with PostGIS 3 (Debian: postgresql, postgresql-15-postgis-3)"
	initdb, postgres := postgresProgram("initdb"), postgresProgram("postgres")
	if initdb == "" || postgres == "" {
		return nil, "initdb and postgres are neither in PATH nor in /usr/lib/postgresql/*/bin" + install
	}
	as := unprivileged(b)
	dir, err := os.MkdirTemp("", "postgis") // not of the benchmark, whose directories are for its own user only
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			b.Fatal(err)
		}
	}
	create := exec.Command(initdb, "-D", filepath.Join(dir, "data"), "-U", "sihai", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	create.Dir, create.SysProcAttr = dir, &syscall.SysProcAttr{Credential: as}
	if out, err := create.CombinedOutput(); err != nil {
		b.Fatalf("initdb: %v: %s", err, out)
	}
	s := &postGIS{port: freePort(b)}
	command := []string{postgres, "-D", filepath.Join(dir, "data"), "-p", strconv.Itoa(s.port)}
	for _, option := range []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=50", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
		"wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB", "autovacuum=off", "jit=off", "max_parallel_workers_per_gather=0", "random_page_cost=1.1",
		fmt.Sprintf("shared_buffers=%dMB", 512+4*worldSize()/1_000), "work_mem=64MB", "maintenance_work_mem=512MB", "plan_cache_mode=force_generic_plan",
	} {
		command = append(command, "-c", option)
	}
	s.process = spawn(b, as, nil, command...)
	var conn *pgconn.PgConn
	s.await(b, time.Minute, func() (err error) { conn, err = s.connect(); return err })
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.Exec(context.Background(), "CREATE EXTENSION postgis").Close(); err != nil {
		return nil, fmt.Sprintf("PostgreSQL has no PostGIS (%v)%s", err, install)
	}
	return s, ""
}

func postgresProgram(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

// unprivileged is whom root lets PostgreSQL run as, which refuses root; nil for others.
func unprivileged(b *testing.B) *syscall.Credential {
	b.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	b.Fatal("no user for PostgreSQL")
	return nil
}

func (s *postGIS) connect() (*pgconn.PgConn, error) {
	return pgconn.Connect(context.Background(), fmt.Sprintf("host=127.0.0.1 port=%d user=sihai dbname=postgres sslmode=disable connect_timeout=10", s.port))
}

// fenceLoad copies fences one after the other.
type fenceLoad struct {
	b      *testing.B
	server *postGIS
	pipe   *io.PipeWriter
	out    *bufio.Writer
	copied chan error
}

// load begins to fill the server; of a nil server it takes all and does nothing.
func (s *postGIS) load(b *testing.B) *fenceLoad {
	b.Helper()
	if s == nil {
		return nil
	}
	from, to := io.Pipe()
	l := &fenceLoad{b: b, server: s, pipe: to, out: bufio.NewWriterSize(to, 1<<16), copied: make(chan error, 1)}
	conn, err := s.connect()
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		defer func() { _ = conn.Close(context.Background()) }()
		err := conn.Exec(context.Background(), "CREATE UNLOGGED TABLE drawn (id integer, fence geometry)").Close()
		if err == nil {
			_, err = conn.CopyFrom(context.Background(), from, "COPY drawn FROM STDIN")
		}
		_ = from.CloseWithError(io.ErrClosedPipe) // lets the writer go on where this ended early
		if err == nil {
			err = arrange(conn)
		}
		l.copied <- err
	}()
	return l
}

// arrange makes the tables that are asked: the order of geometries is that of the Hilbert curve, for which CLUSTER is not needed.
func arrange(conn *pgconn.PgConn) error {
	for _, statement := range []string{
		`CREATE UNLOGGED TABLE fences AS SELECT id, ST_SetSRID(CASE WHEN ST_NumGeometries(fence) > 1 THEN ST_UnaryUnion(fence) ELSE fence END, 4326) AS fence FROM drawn ORDER BY 2`,
		`CREATE UNLOGGED TABLE rounds AS SELECT id, fence::geography AS fence FROM fences ORDER BY fences.fence`,
		`DROP TABLE drawn`,
		`CREATE INDEX ON fences USING gist (fence)`,
		`CREATE INDEX ON rounds USING gist (fence)`,
		`VACUUM ANALYZE fences`,
		`VACUUM ANALYZE rounds`,
	} {
		if err := conn.Exec(context.Background(), statement).Close(); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func (l *fenceLoad) add(handle int, drawing []byte) {
	if l == nil {
		return
	}
	line := append(strconv.AppendInt(nil, int64(handle), 10), '\t')
	_, _ = l.out.Write(append(append(line, drawing...), '\n')) // a fault comes with close
}

func (l *fenceLoad) close() {
	if l == nil {
		return
	}
	_ = l.out.Flush()
	_ = l.pipe.Close()
	if err := <-l.copied; err != nil {
		l.b.Fatal(err)
	}
}

// postGISClient asks a prepared statement of a place.
type postGISClient struct {
	conn *pgconn.PgConn
}

func (s *postGIS) dialler(statement string) dialler {
	if s == nil {
		return dialler{}
	}
	return dialler{s.process, func(b *testing.B) asker {
		b.Helper()
		conn, err := s.connect()
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close(context.Background()) })
		if _, err := conn.Prepare(context.Background(), "ask", statement, nil); err != nil {
			b.Fatal(err)
		}
		return &postGISClient{conn}
	}}
}

// binaryFormat is PostgreSQL's code for parameters and results in binary.
var binaryFormat = []int16{1}

func (c *postGISClient) ask(dst []uint32, p geo.LatLng) ([]uint32, error) {
	lng := binary.BigEndian.AppendUint64(nil, math.Float64bits(p.Lng))
	lat := binary.BigEndian.AppendUint64(nil, math.Float64bits(p.Lat))
	reply := c.conn.ExecPrepared(context.Background(), "ask", [][]byte{lng, lat}, binaryFormat, binaryFormat)
	for reply.NextRow() {
		dst = append(dst, binary.BigEndian.Uint32(reply.Values()[0]))
	}
	_, err := reply.Close()
	return dst, err
}
