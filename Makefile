# Sihai. `make help` lists the targets.

.PHONY: help test vet lint

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /	/'

test: vet lint ## everything that must hold before a landing
	go test -race ./...

vet: ## the compiler's own checks and formatting
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...

lint: ## staticcheck, pinned in go.mod
	go tool staticcheck ./...
