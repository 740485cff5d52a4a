// Package webhook tells merchants what happened to their campaigns and uploads: signed HTTP requests to endpoints that they name.
//
// The main type is Service. Start looks now and then at what is durable — campaigns and the clock, the movements of accounts, the ends of imports — and keeps
// what follows from it as events, in the same transaction that says how far it has looked: so a kill at any moment loses none, whose cause was kept, and
// makes none twice. Each event is a CloudEvent (CloudEvents 1.0, structured JSON); what a webhook asks for becomes a delivery to it.
//
//	s, err := webhook.Open(ctx, webhook.Options{Outbox: store, Catalog: store, Accounts: store, …})
//	s.Start()
//	defer s.Close()
//
// A delivery is a POST signed over its ID, the time and the body (Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature). It arrives at
// least once; a second time it has the same webhook-id. It is tried again for some three days, see Backoff. Deliveries of a merchant have no order: each is
// tried by itself, and each webhook has a lane of its own, so that one that is slow holds no other back.
//
// A webhook that took nothing for five days, or answers 410, is disabled and says why. What happens while it is disabled is kept and not sent; it can be sent
// later, as anything of the last thirty days can.
//
// No request goes to an address that is not public, however the host's name is written or resolved: what is dialled is looked at, not what is asked for.
// Redirects are not followed.
//
// An event of time (started, expired) says what a look finds: a campaign that began and ended between two looks, while no process ran, has only ended.
//
// Not here: the HTTP routes, and how events are laid out on disk.
package webhook
