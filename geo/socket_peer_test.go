package geo_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/geo"
)

// The benchmark of this file holds the index against servers that are asked for matched sets over a socket, for the same fences and the same places. Each server, the
// index's too, is a process of its own on loopback and gives the handles of all that it finds; clients wait for an answer before they ask again.

const (
	socketRounds  = 5 // in each of which both take their turn
	socketTurn    = time.Second
	socketClients = 16
	socketReach   = 1_000 // metres, of the questions that have a radius
)

// asker is a client of a server, for one kind of question.
type asker interface {
	ask(dst []uint32, p geo.LatLng) ([]uint32, error)
}

// dialler connects clients to a server, for one kind of question.
type dialler struct {
	server *process
	dial   func(b *testing.B) asker
}

// duel is a question that the index and a peer are asked in turns.
type duel struct {
	question, peer string
	ours, theirs   dialler
	differ         float64 // the share of what is found that may differ; 1: the peer is asked something else, and answers are not compared
	missing        string  // what to install; empty: nothing
}

// BenchmarkSocket needs PostGIS and Redis, and leaves out aloud what is not installed. It takes some four minutes for 100,000 fences.
func BenchmarkSocket(b *testing.B) {
	gis, noGIS := startPostGIS(b)
	cache, noCache := startRedis(b)
	if gis == nil && cache == nil {
		skipAloud(b, noGIS+"; "+noCache)
	}
	ours := startIndex(b)
	places := fill(b, gis, cache)
	ours.await(b)

	reach := strconv.Itoa(socketReach)
	duels := []duel{
		{"match", "postgis", ours.dialler("MATCH", "lng", "lat"), gis.dialler(covers), 0.005, noGIS},
		{"match", "redis-centres-within-1km-the-nearest-analogue", ours.dialler("MATCH", "lng", "lat"), cache.dialler(search...), 1, noCache},
		{"fences-within-1km", "postgis", ours.dialler("RADIUS", "lng", "lat", reach), gis.dialler(reaches), 0.005, noGIS},
		{"centres-within-1km", "redis", ours.dialler("CENTRES", "lng", "lat", reach), cache.dialler(search...), 0.005, noCache},
	}
	for _, d := range duels {
		b.Run(d.question+"/"+d.peer, func(b *testing.B) {
			if d.missing != "" {
				skipAloud(b, d.missing)
			}
			d.run(b, places)
		})
	}
}

// skipAloud says why to those too who did not ask for all output: a benchmark that is skipped prints nothing otherwise.
func skipAloud(b *testing.B, why string) {
	b.Helper()
	fmt.Fprintf(os.Stderr, "SKIP %s: %s\n", b.Name(), why)
	b.Skip(why)
}

// fill gives the peers that are there the fences of the world, and draws places from it, as BenchmarkPeers does but for its sparse ones.
func fill(b *testing.B, gis *postGIS, cache *redisServer) map[string][]geo.LatLng {
	begin := time.Now()
	fences, centres := gis.load(b), cache.load(b)
	w := newWorld(1)
	var drawing []byte
	for i := range worldSize() {
		drawing = w.fence(b).AppendGeoJSON(drawing[:0])
		fences.add(i, drawing)
		centres.add(i, centreOf(drawing))
	}
	fences.close()
	centres.close()
	b.Logf("%d fences: peers filled in %v", worldSize(), time.Since(begin).Round(time.Second))
	places := map[string][]geo.LatLng{}
	for range 2_000 {
		places["typical"] = append(places["typical"], w.place())
		town := w.random.IntN(5)
		places["hot"] = append(places["hot"], w.beside(w.malls[town][w.random.IntN(len(w.malls[town]))], 100))
	}
	return places
}

// run compares answers, then times both sides.
func (d duel) run(b *testing.B, places map[string][]geo.LatLng) {
	ours, peers := make([]asker, socketClients), make([]asker, socketClients)
	for i := range socketClients {
		ours[i], peers[i] = d.ours.dial(b), d.theirs.dial(b)
	}
	for _, kind := range []string{"hot", "typical"} {
		for _, clients := range []int{1, socketClients} {
			b.Run(fmt.Sprintf("%s/clients=%d/fences=%d", kind, clients, worldSize()), func(b *testing.B) {
				for b.Loop() { // once: a turn takes as long as it takes
					d.compare(b, ours[0], peers[0], places[kind][:200])
					name, _, _ := strings.Cut(d.peer, "-")
					d.time(b, &side{name: "ours", server: d.ours.server, clients: ours[:clients]}, &side{name: name, server: d.theirs.server, clients: peers[:clients]}, places[kind])
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// compare fails where answers differ by more than the edges of the drawings explain.
func (d duel) compare(b *testing.B, ours, peer asker, places []geo.LatLng) {
	b.Helper()
	var mine, others []uint32
	found, foundByPeer, onlyOurs, onlyPeers := 0, 0, 0, 0
	for _, p := range places {
		var err, errPeer error
		mine, err = ours.ask(mine[:0], p)
		others, errPeer = peer.ask(others[:0], p)
		if err := errors.Join(err, errPeer); err != nil {
			b.Fatal(err)
		}
		slices.Sort(mine)
		slices.Sort(others)
		found, foundByPeer = found+len(mine), foundByPeer+len(others)
		onlyOurs += lacking(mine, others)
		onlyPeers += lacking(others, mine)
	}
	b.ReportMetric(float64(found)/float64(len(places)), "found/req")
	if d.differ == 1 {
		b.Logf("the index finds %d, the peer %d of something else", found, foundByPeer)
		return
	}
	b.Logf("the index finds %d, of which the peer lacks %d; the peer finds %d more", found, onlyOurs, onlyPeers)
	b.ReportMetric(100*float64(onlyOurs+onlyPeers)/float64(max(1, found)), "%differ")
	if float64(onlyOurs+onlyPeers) > d.differ*float64(found)+1 {
		b.Fatal("too many differ")
	}
}

// lacking counts what of a is not in b; both are ascending.
func lacking(a, b []uint32) (n int) {
	for _, handle := range a {
		if _, ok := slices.BinarySearch(b, handle); !ok {
			n++
		}
	}
	return n
}

// side is a server with its clients, and what they measured.
type side struct {
	name    string
	server  *process
	clients []asker
	rates   []float64 // answers a second, of each turn
	answers int
	cpu     time.Duration // of the server
}

// time drives both sides in turns and reports the medians of their rates and of the rounds' ratios, and what a request costs their servers.
func (d duel) time(b *testing.B, ours, theirs *side, places []geo.LatLng) {
	drive(b, ours.clients, places, socketTurn/2)
	drive(b, theirs.clients, places, socketTurn/2)
	var ratios []float64
	for i := range socketRounds {
		ours.turn(b, places)
		theirs.turn(b, places)
		ratios = append(ratios, ours.rates[i]/theirs.rates[i])
	}
	b.Logf("ratios of the rounds: %.1f to %.1f", slices.Min(ratios), slices.Max(ratios))
	ours.report(b)
	theirs.report(b)
	b.ReportMetric(median(ratios), "x-"+theirs.name)
}

func (s *side) turn(b *testing.B, places []geo.LatLng) {
	b.Helper()
	before, begin := s.server.cpu(), time.Now()
	answers := drive(b, s.clients, places, socketTurn)
	s.rates = append(s.rates, float64(answers)/time.Since(begin).Seconds())
	s.answers += answers
	s.cpu += s.server.cpu() - before
}

func (s *side) report(b *testing.B) {
	b.Helper()
	b.ReportMetric(median(slices.Clone(s.rates)), s.name+"-req/s")
	if s.cpu > 0 {
		b.ReportMetric(float64(s.cpu.Microseconds())/float64(s.answers), s.name+"-server-µs/req")
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// drive lets all clients ask, each from another place on, and returns the number of answers.
func drive(b *testing.B, clients []asker, places []geo.LatLng, d time.Duration) int {
	b.Helper()
	counts, faults := make([]int, len(clients)), make([]error, len(clients))
	begin := time.Now()
	var running sync.WaitGroup
	for i, client := range clients {
		running.Go(func() {
			var dst []uint32
			for k := i * len(places) / len(clients); time.Since(begin) < d && faults[i] == nil; k++ {
				dst, faults[i] = client.ask(dst[:0], places[k%len(places)])
				counts[i]++
			}
		})
	}
	running.Wait()
	if err := errors.Join(faults...); err != nil {
		b.Fatal(err)
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}

// centreOf is the middle of a drawing's corners.
func centreOf(drawing []byte) geo.LatLng {
	var sum [3]float64
	for _, v := range positionsOf(drawing) {
		for k, c := range unit(v) {
			sum[k] += c
		}
	}
	return at(math.Atan2(sum[2], math.Hypot(sum[0], sum[1]))*180/math.Pi, math.Atan2(sum[1], sum[0])*180/math.Pi)
}

// positionsOf are the positions of a GeoJSON geometry, found by their digits.
func positionsOf(drawing []byte) (positions []geo.LatLng) {
	_, coordinates, _ := bytes.Cut(drawing, []byte(`"coordinates":`))
	numbers := strings.FieldsFunc(string(coordinates), func(r rune) bool { return strings.ContainsRune("[],}", r) })
	for i := 0; i+1 < len(numbers); i += 2 {
		lng, _ := strconv.ParseFloat(numbers[i], 64)
		lat, _ := strconv.ParseFloat(numbers[i+1], 64)
		positions = append(positions, at(lat, lng))
	}
	return positions
}
