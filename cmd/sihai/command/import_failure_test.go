package command_test

import (
	"bytes"
	"compress/gzip"
	"testing"
)

// What is wrong with a file or a name is told in their words, and not in those of the request behind it.
func TestImportTellsWhatFailed(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte("id,name,lat,lon,time_zone\nv-1,One,25.79,-80.13,UTC\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	whole := packed.Bytes()
	torn, wrong := whole[:len(whole)-10], bytes.Clone(whole)
	wrong[len(wrong)-5] ^= 0xff // of the checksum
	onBothPlaces(t, func(t *testing.T, p place) {
		p.do(t, step{args: "merchants put sunny --name en=Sunny", out: "merchant sunny"})
		p.do(t, step{args: "import " + written(t, "torn.csv.gz", string(torn)) + " --merchant sunny --kind venues", code: 1, err: `^sihai: .*torn\.csv breaks off before its end: nothing was changed\n$`})
		p.do(t, step{args: "import " + written(t, "wrong.csv.gz", string(wrong)) + " --merchant sunny --kind venues", code: 1, err: `^sihai: read .*wrong\.csv: .*checksum.*nothing was changed\n$`})
		file := written(t, "venues.csv.gz", string(whole))
		p.do(t, step{args: "import " + file + " --merchant nobody --kind venues", code: 1, err: `^sihai: there is no merchant nobody, or it is not this key's; sihai merchants put makes one\n$`})
		p.do(t, step{args: "import " + written(t, "venues.xlsx", "PK") + " --merchant sunny --kind venues", code: 2, err: `saved as CSV`})
		p.do(t, step{args: "import " + file + " --merchant sunny --kind venues", out: `venues +done +1 +1 +0 +1 +0 +0 +0\n$`})
	})
}
