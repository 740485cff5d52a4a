package store

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/store/kv"
)

// code is one kind of stored content, its type hidden so that all of them can be tested and fuzzed alike.
type code struct {
	name string
	// fresh makes content with every field set, at random.
	fresh func(*rand.Rand) any
	write func(any) ([]byte, error)
	read  func([]byte) (any, error)
}

func codeOf[T any](name string, write func(*message, *T), read func(*T, *field), left ...string) code {
	return code{
		name: name,
		fresh: func(r *rand.Rand) any {
			v := new(T)
			fill(r, reflect.ValueOf(v).Elem(), 0)
			for _, name := range left {
				f := reflect.ValueOf(v).Elem().FieldByName(name)
				f.SetZero()
			}
			return *v
		},
		write: func(v any) ([]byte, error) { typed := v.(T); return encode(&typed, write) },
		read:  func(b []byte) (any, error) { return decode(b, read) },
	}
}

// stagedCode leaves out of the campaign within a change what the key tells, as of a campaign itself.
func stagedCode() code {
	c := codeOf("staged change", writeStagedChange, readStagedChange, "MerchantID")
	whole := c.fresh
	c.fresh = func(r *rand.Rand) any {
		s := whole(r).(engine.StagedChange)
		if s.Campaign != nil {
			s.Campaign.MerchantID, s.Campaign.Meta = "", engine.Meta{}
			for i := range s.Campaign.Geofences {
				s.Campaign.Geofences[i].Fence = nil
			}
		}
		return s
	}
	return c
}

// codes lists every kind of content, and the fields that the key or the record tells.
func codes() []code {
	return []code{
		codeOf("merchant", writeMerchant, readMerchant, "Meta"),
		codeOf("venue", writeVenue, readVenue, "Meta", "MerchantID"),
		codeOf("campaign", writeCampaign, readCampaign, "Meta", "MerchantID"),
		codeOf("profile", writeProfile, readProfile, "Version", "Author", "Created"),
		codeOf("experiment", writeExperiment, readExperiment, "Meta"),
		codeOf("key", writeKey, readKey, "Created"),
		codeOf("rates", writeRates, readRates, "Date"),
		codeOf("import", writeUpload, readUpload, "MerchantID"),
		codeOf("staged row", writeStaged, readStaged),
		codeOf("change", writeChange, readChange, "Seq"),
		stagedCode(),
		codeOf("audit entry", writeAudit, readAudit, "Seq"),
		codeOf("receipt", writeReceipt, readReceipt),
		codeOf("decision", writeDecision, readDecision),
		codeOf("event", writeEvent, readEvent),
		codeOf("spot", writeSpot, readSpot),
		codeOf("active profile", writeProfileRef, readProfileRef),
		codeOf("version", writeVersion, readVersion),
		codeOf("name", writeName, readName),
		codeOf("account", writeHead, readHead),
		codeOf("balance", writeBalance, readBalance, "BalanceKey"),
		codeOf("redemption", writeRedemption, readRedemption, "ID", "MerchantID", "CampaignID"),
		codeOf("movement", writeMovement, readMovement, "Number"),
		codeOf("voucher", writeVoucher, readVoucher, "Code"),
		codeOf("purchase", writePurchase, readPurchase),
		codeOf("batch of codes", writeBatch, readBatch),
		codeOf("webhook", writeWebhook, readWebhook, "ID", "MerchantID"),
		codeOf("webhook event", writeHookEvent, readHookEvent, "Number"),
		codeOf("delivery", writeDelivery, readDelivery, "WebhookID", "Number"),
		codeOf("watched campaign", writeWatch, readWatch),
		codeOf("erasure", writeErasure, readErasure, "ID"),
		codeOf("sweep mark", writeSweepMark, readSweepMark),
	}
}

// fill sets every field of v, also those that are not exported, to something that is not zero.
func fill(r *rand.Rand, v reflect.Value, depth int) {
	if !v.CanSet() {
		v = reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
	}
	if fillKnown(r, v) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(randomText(r))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1 + r.Int64N(1<<40))
		if r.IntN(4) == 0 {
			v.SetInt(-v.Int())
		}
	case reflect.Uint8:
		v.SetUint(1 + r.Uint64N(255))
	case reflect.Uint64:
		v.SetUint(1 + r.Uint64N(1<<60))
	case reflect.Float64:
		v.SetFloat(r.NormFloat64())
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*scoring.Model]() {
			v.Set(reflect.ValueOf(&scoring.Model{Format: randomText(r), Hash: [32]byte{1, 2, byte(r.IntN(256))}, Bytes: 1 + r.IntN(99), Trees: 2, Nodes: 3}))
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 3))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(r, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 1 + r.IntN(3) {
			k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(r, k, depth+1)
			fill(r, e, depth+1)
			v.SetMapIndex(k, e)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i), depth+1)
		}
	default:
		panic("no filling for " + v.Type().String())
	}
}

// fillKnown fills what has rules of its own.
func fillKnown(r *rand.Rand, v reflect.Value) bool {
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = time.Unix(r.Int64N(1<<33), r.Int64N(1e9)).UTC()
		if r.IntN(2) == 0 {
			*at = at.In(time.FixedZone("", (r.IntN(47)-23)*1800+900))
		}
	case *engine.Date:
		*at = engine.Date{Year: 1 + r.IntN(3000), Month: time.Month(1 + r.IntN(12)), Day: 1 + r.IntN(31)}
	case *time.Weekday:
		*at = time.Weekday(r.IntN(7))
	case **geo.Fence:
		*at = nil
	case **engine.Forms:
		*at = nil
	case *map[string]any:
		*at = map[string]any{"s": randomText(r), "n": r.Float64(), "b": r.IntN(2) == 0, "zero": 0.0, "none": ""}
	case *kv.Place:
		*at = kv.Place{Time: time.UnixMilli(r.Int64N(1 << 42)).UTC(), Seq: r.Uint64N(1 << 40)}
	case *engine.BalanceKey:
		*at = engine.BalanceKey{Per: engine.PerVenue, ID: randomText(r)}
		if r.IntN(2) == 0 {
			*at = engine.BalanceKey{Per: engine.PerUser, ID: engine.UserHash(randomText(r))}
		}
	case *engine.AccountHead:
		var b engine.Balance
		fill(r, reflect.ValueOf(&b).Elem(), 1)
		b.BalanceKey = engine.BalanceKey{} // the head's is the campaign's own
		*at = engine.AccountHead{Movements: 1 + r.Uint64N(99), Codes: 1 + r.Int64N(9), NextExpiry: time.UnixMilli(r.Int64N(1 << 42)).UTC(), Balance: b}
	case *engine.HookWatch:
		*at = engine.HookWatch{State: engine.StateRunning, Exhausted: true}
		fill(r, reflect.ValueOf(&at.Balance).Elem(), 1)
		at.Balance.BalanceKey = engine.BalanceKey{} // it is the campaign's own
		fill(r, reflect.ValueOf(&at.Near).Elem(), 1)
	case **scoring.Explanation:
		*at = randomExplanation(r, r.IntN(4))
	default:
		return false
	}
	return true
}

func randomExplanation(r *rand.Rand, depth int) *scoring.Explanation {
	e := &scoring.Explanation{Value: r.NormFloat64(), Message: randomText(r)}
	for range min(depth, 3) {
		e.Children = append(e.Children, randomExplanation(r, depth-1))
	}
	return e
}

func randomText(r *rand.Rand) string {
	const letters = "abcxyz01239-_/ é八五折🙂"
	runes := []rune(letters)
	out := make([]rune, 1+r.IntN(12))
	for i := range out {
		out[i] = runes[r.IntN(len(runes))]
	}
	return string(out)
}

// Every field of every kind of content comes back as it was, and the same content gives the same bytes.
func TestEveryFieldComesBack(t *testing.T) {
	for _, c := range codes() {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 11))
			for range 300 {
				v := c.fresh(r)
				b, err := c.write(v)
				if err != nil {
					t.Fatal(err)
				}
				got, err := c.read(b)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, v) {
					t.Fatalf("wrote %+v\nread  %+v", v, got)
				}
				again, err := c.write(got)
				if err != nil || !bytes.Equal(b, again) {
					t.Fatalf("the same content gave %x and then %x, %v", b, again, err)
				}
			}
		})
	}
}

// A zero value is a version byte and no more than empty messages.
func TestZeroValuesComeBack(t *testing.T) {
	for _, c := range codes() {
		t.Run(c.name, func(t *testing.T) {
			zero := reflect.Zero(reflect.TypeOf(c.fresh(rand.New(rand.NewPCG(1, 1))))).Interface()
			b, err := c.write(zero)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.read(b)
			if err != nil {
				t.Fatal(err)
			}
			again, err := c.write(got)
			if err != nil || !bytes.Equal(b, again) {
				t.Fatalf("wrote %x, and after reading %x, %v", b, again, err)
			}
		})
	}
}

// Hours without a day mean that a venue is never open; no hours that it always is.
func TestClosedIsNotAlwaysOpen(t *testing.T) {
	for name, hours := range map[string]engine.OpeningHours{
		"always open": nil, "never open": {}, "closed on Sunday": {time.Sunday: nil},
		"open on Sunday": {time.Sunday: {{From: 0, To: 1440}}},
	} {
		b, err := encode(&engine.Venue{OpeningHours: hours}, writeVenue)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := decode(b, readVenue)
		if err != nil || !reflect.DeepEqual(got.OpeningHours, hours) {
			t.Errorf("%s: got %#v, %v", name, got.OpeningHours, err)
		}
	}
}

// A window on Sundays only keeps its day, which is numbered 0.
func TestSundayWindowKeepsItsDay(t *testing.T) {
	c := engine.Campaign{Flight: engine.Flight{Windows: []engine.Window{{Days: []time.Weekday{time.Sunday}, To: 60}}}}
	b, err := encode(&c, writeCampaign)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(b, readCampaign)
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

// A release skips what a later one added, keeps its hands off a later version, and calls anything else corrupt.
func TestReadsWhatOtherReleasesWrote(t *testing.T) {
	known, err := encode(&engine.Merchant{ID: "m"}, writeMerchant)
	if err != nil {
		t.Fatal(err)
	}
	added := protowire.AppendString(protowire.AppendTag(bytes.Clone(known), 900, protowire.BytesType), "new")
	added = protowire.AppendVarint(protowire.AppendTag(added, 901, protowire.VarintType), 5)
	added = protowire.AppendFixed32(protowire.AppendTag(added, 902, protowire.Fixed32Type), 5)
	added = protowire.AppendFixed64(protowire.AppendTag(added, 903, protowire.Fixed64Type), 5)
	for _, tc := range []struct {
		name  string
		value []byte
		want  error
	}{
		{"as written", known, nil},
		{"with new fields", added, nil},
		{"of a later version", append([]byte{valueVersion + 1}, known[1:]...), engine.ErrNewerFormat},
		{"empty", nil, engine.ErrCorrupt},
		{"of version 0", []byte{0}, engine.ErrCorrupt},
		{"cut short", known[:len(known)-1], engine.ErrCorrupt},
		{"of another wire type", protowire.AppendVarint(protowire.AppendTag([]byte{1}, 1, protowire.VarintType), 5), engine.ErrCorrupt},
		{"with a group", protowire.AppendTag([]byte{1}, 9, protowire.StartGroupType), engine.ErrCorrupt},
	} {
		m, err := decode(tc.value, readMerchant)
		if !errors.Is(err, tc.want) || (tc.want == nil && (err != nil || m.ID != "m")) {
			t.Errorf("%s: got %+v, %v", tc.name, m, err)
		}
	}
}

// What could not be read back is not written.
func TestRefusesWhatItCouldNotRead(t *testing.T) {
	deep := new(scoring.Explanation)
	for range maxDepth {
		deep = &scoring.Explanation{Children: []*scoring.Explanation{deep}}
	}
	for _, tc := range []struct {
		name string
		d    engine.Decision
	}{
		{"an attribute that is a list", engine.Decision{Request: &engine.Request{User: engine.User{Attributes: map[string]any{"a": []int{1}}}}}},
		{"a month 13", engine.Decision{RatesDate: engine.Date{Year: 2026, Month: 13, Day: 1}}},
		{"a bottomless explanation", engine.Decision{Placements: []engine.Placement{{Offers: []engine.Offer{{Creative: new(engine.Creative), Explanation: deep}}}}}},
	} {
		if _, err := encode(&tc.d, writeDecision); err == nil {
			t.Errorf("%s was written", tc.name)
		}
	}
	deep = new(scoring.Explanation)
	for range maxDepth/2 - 1 {
		deep = &scoring.Explanation{Children: []*scoring.Explanation{deep}}
	}
	d := engine.Decision{Placements: []engine.Placement{{Offers: []engine.Offer{{Creative: new(engine.Creative), Explanation: deep}}}}}
	b, err := encode(&d, writeDecision)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decode(b, readDecision); err != nil || !reflect.DeepEqual(got, d) {
		t.Fatalf("the deepest explanation that is written is not read: %v", err)
	}
}

// FuzzValues feeds bytes to every decoder of content: it ends with an error or with content that is written and read again
// as the same bytes.
func FuzzValues(f *testing.F) {
	all := codes()
	r := rand.New(rand.NewPCG(3, 5))
	for i, c := range all {
		b, err := c.write(c.fresh(r))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), b)
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		c := all[int(which)%len(all)]
		v, err := c.read(b)
		if err != nil {
			if !errors.Is(err, engine.ErrCorrupt) && !errors.Is(err, engine.ErrNewerFormat) {
				t.Fatalf("%s: %v", c.name, err)
			}
			return
		}
		first, err := c.write(v)
		if err != nil {
			t.Fatalf("%s: what was read cannot be written: %v", c.name, err)
		}
		v, err = c.read(first)
		if err != nil {
			t.Fatalf("%s: what was written cannot be read: %v", c.name, err)
		}
		if second, err := c.write(v); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%s: wrote %x and then %x, %v", c.name, first, second, err)
		}
	})
}

// FuzzRecords feeds bytes to the decoders of what lies round content: records and blocks.
func FuzzRecords(f *testing.F) {
	body, err := encodeBody(&engine.Merchant{ID: "m", Name: engine.Text{"en": "M"}}, writeMerchant)
	if err != nil {
		f.Fatal(err)
	}
	rec, err := encodeRecord(engine.Meta{Version: 3, Created: time.Unix(1, 0), Updated: time.Unix(2, 0), By: "cli"}, body)
	if err != nil {
		f.Fatal(err)
	}
	blocks, _ := pack([][]byte{body, body})
	f.Add(rec)
	f.Add(blocks[0])
	f.Fuzz(func(t *testing.T, b []byte) {
		_, recordErr := decodeRecord(b)
		_, eventErr := unpack(b, readEvent)
		_, pickErr := pick(b, 1, "d")
		for _, err := range []error{recordErr, eventErr, pickErr} {
			if err != nil && !errors.Is(err, engine.ErrCorrupt) && !errors.Is(err, engine.ErrNewerFormat) {
				t.Fatal(err)
			}
		}
	})
}
