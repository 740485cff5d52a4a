// Package generated is a client of Sihai's HTTP API made by oapi-codegen from the checked-in OpenAPI document, to show that what the document says is
// enough to speak to a server: types.go has its schemas, client.go an operation a method. Its main type is ClientWithResponses; tests use it.
//
// Go programs of this module use package client, which this one does not replace.
package generated

//go:generate go tool oapi-codegen -package generated -generate types -o types.go ../../openapi.json
//go:generate go tool oapi-codegen -package generated -generate client -o client.go ../../openapi.json
