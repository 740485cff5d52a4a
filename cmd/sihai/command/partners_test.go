package command_test

import (
	"testing"

	"github.com/sihai-network/sihai/engine/wire"
)

// The operator says which acquirers there are: a venue of a feed and a key that name another one are refused, with the place and those that are known.
func TestPartnersAreThoseOfTheSetting(t *testing.T) {
	const feed = "id,name,lat,lon,time_zone,partners\nv-1,One,25.79,-80.13,UTC,stripe|addyen\nv-2,Two,25.79,-80.13,UTC,adyen\nv-3,Three,25.79,-80.13,UTC,\n"
	file := written(t, "venues.csv", feed)
	p := place{args: []string{"--data", t.TempDir()}}
	set := place{args: append([]string{"--config", written(t, "sihai.yaml", "partners: [stripe, adyen]\n")}, p.args...)}
	set.do(t, step{args: "merchants put m --name en=M", out: "merchant m"})
	set.do(t, step{args: "import " + file + " --merchant m --kind venues", code: 1,
		out: `2 +partners +unknown_partner +stripe\|addyen +"addyen" is none of stripe, adyen`, err: "nothing was changed"})
	if r := asJSON[wire.Import](t, set, "import "+file+" --merchant m --kind venues --partial"); r.Accepted != 2 || r.Rejected != 1 {
		t.Errorf("%+v", r)
	}
	set.do(t, step{args: "keys create --role app --partners stripe,addyen", code: 1, err: `partners\[1\].*stripe, adyen`})
	set.do(t, step{args: "keys create --role app --partners adyen", out: `.`})
	p.do(t, step{args: "import " + file + " --merchant m --kind venues", out: `venues +done +3 +3 +0 +1 +0 +2`})
}
