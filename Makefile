# Sihai. `make help` lists the targets. Go, a C compiler and make are all they need.

export GOFLAGS := -mod=readonly
FUZZTIME ?= 2s

.PHONY: help build demo test vet lint short fuzz torture bench audit

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /	/' | expand -t 12

build: ## the program, as bin/sihai
	go build -trimpath -o bin/sihai ./cmd/sihai

demo: ## a visitor's day in Miami, then a server to try; ONCE=1 ends after the tables
	go run ./cmd/sihai demo $(if $(ONCE),--once)

test: vet lint short ## everything that must hold before a landing
	go test -race -timeout 14m ./...
	@echo "make test: all green"

vet: ## the compiler's own checks and formatting
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	go vet ./...

lint: ## staticcheck, pinned in go.mod
	go tool staticcheck ./...

short: ## each decoder fuzzed for FUZZTIME
	@.ci/fuzz $(FUZZTIME)

fuzz: ## each decoder fuzzed for FUZZTIME, five minutes by default
	@.ci/fuzz $(if $(filter command line environment,$(origin FUZZTIME)),$(FUZZTIME),5m)

torture: ## long trials: hundreds of kills during imports, long simulations
	SIHAI_LONG=1 go test -timeout 6h -count 1 ./...

bench: ## every benchmark, with allocations
	go test -run '^$$' -bench . -benchmem ./...

audit: ## known vulnerabilities; needs the network's databases
	go run golang.org/x/vuln/cmd/govulncheck@latest ./...
