// Package api serves the engine over HTTP: JSON under /v1, one file a resource, on gin.
//
// The main type is API, made by New from the parts that it speaks for; Handler is its http.Handler, and Serve runs it until a context ends,
// then lets what is under way finish. Routes are one table (routes.go), from which both the router and the OpenAPI document are made,
// so that neither can hold what the other lacks; the document is checked in as openapi.json and served as it is.
//
//	a, err := api.New(api.Options{Store: store, Catalog: catalog, Decider: decider, …})
//	err = a.Serve(ctx, listener, api.Timeouts{})
//
// A handler is: decode, one call, encode. Errors become problem+json by one map (problem.go). Whose key a request carries decides what
// it may do (auth.go): a merchant's key sees and changes that merchant only, and anything else is not found.
//
// Not here: TLS, which is for what stands in front; and the console.
package api
