package store

import (
	"github.com/sihai-network/sihai/engine"
)

// Packer lays campaigns and venues out for the memory of a process: the merchant and then the record as FORMAT.md draws it, without geofences.
// Its bytes are never on disk.
type Packer struct{}

var _ engine.Packer = Packer{}

// PackCampaign implements engine.Packer.
func (Packer) PackCampaign(c *engine.Campaign) ([]byte, error) {
	return packRecord(c.MerchantID, c.Meta, c, writeBareCampaign)
}

// UnpackCampaign implements engine.Packer.
func (Packer) UnpackCampaign(packed []byte) (c engine.Campaign, err error) {
	merchant, meta, err := unpackRecord(packed, &c, readCampaign)
	c.MerchantID, c.Meta = merchant, meta
	return c, err
}

// PackVenue implements engine.Packer.
func (Packer) PackVenue(v *engine.Venue) ([]byte, error) {
	return packRecord(v.MerchantID, v.Meta, v, writeVenue)
}

// UnpackVenue implements engine.Packer.
func (Packer) UnpackVenue(packed []byte) (v engine.Venue, err error) {
	merchant, meta, err := unpackRecord(packed, &v, readVenue)
	v.MerchantID, v.Meta = merchant, meta
	return v, err
}

func packRecord[T any](merchant string, meta engine.Meta, v *T, write func(*message, *T)) ([]byte, error) {
	m := &message{b: make([]byte, 0, 512)}
	m.str(1, merchant)
	m.uint(2, meta.Version)
	m.time(3, meta.Created)
	m.time(4, meta.Updated)
	m.str(5, meta.By)
	m.sub(6, func() { write(m, v) })
	return m.value()
}

func unpackRecord[T any](packed []byte, v *T, set func(*T, *field)) (merchant string, meta engine.Meta, err error) {
	err = fields(packed, 1, func(f *field) {
		switch f.num {
		case 1:
			merchant = f.str()
		case 2:
			meta.Version = f.uint()
		case 3:
			meta.Created = f.time()
		case 4:
			meta.Updated = f.time()
		case 5:
			meta.By = f.str()
		case 6:
			f.sub(readInto(v, set))
		}
	})
	return merchant, meta, err
}
