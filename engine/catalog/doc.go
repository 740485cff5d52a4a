// Package catalog is how merchants, venues and campaigns come in: it checks what is uploaded and tells every fault at once,
// runs uploads of many rows, and publishes what the store holds as the next immutable snapshot.
//
// The main types are Service, which checks and then writes (engine.Catalog, engine.Importer); Publisher, which follows the
// store's change feed and gives the current snapshot (engine.Snapshots); Rules, which compiles audience expressions; and
// Zones, which knows the time zone of a place.
//
//	service := catalog.New(catalog.Options{Store: store, Zones: catalog.NewZones(), Random: rand.Reader})
//	publisher, err := catalog.OpenPublisher(ctx, catalog.PublisherOptions{Store: store, Packer: store.Packer{}})
//	…
//	stored, err := service.PutCampaign(ctx, engine.Write{At: time.Now(), By: key.ID}, campaign)
//	// faults of the campaign are an engine.Faults in err
//
// # Publication
//
// One goroutine owns what the next snapshot is built from. It reads the resources that the feed names, compiles the
// campaigns that they touch, puts their fences into the index beside all that did not change, and swaps one pointer. The
// rows of an upload become visible together: they are taken in once the feed has told the last of them, and what others
// change meanwhile is published without them.
//
// # Memory
//
// What can be offered lies in memory, and most of it is texts that nobody asks for at the moment: campaigns and venues lie as
// the bytes that an engine.Packer makes, and a bounded number of them unpacked beside these. Where the process has a memory
// limit, what would not fit is refused with engine.ErrNoRoom before anything of it is in; see Memory.
//
// Not here: how rows are written in a file (engine/wire), how they are kept (store), and how an offer is decided
// (engine/decision).
package catalog
