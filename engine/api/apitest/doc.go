// Package apitest runs the HTTP API on real parts, for the tests of those who speak to it: a store on Badger, the catalog, the decider, the ledger, and a
// server on loopback.
//
// The main types are World, a running server made by Open, and Checker, a transport that holds what goes over it against the OpenAPI document.
//
//	w := apitest.Open(t, apitest.Options{})
//	c := client.New(w.URL, apitest.OperatorKey, nil)
//
// The program itself is put together in cmd/sihai/command; configuration is left out here.
package apitest
