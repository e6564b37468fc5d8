# Tasks of this project; `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := .tools/bin
GRPCURL_VERSION := v1.9.4
PROMETHEUS_VERSION := v0.316.0
PROTOC_GEN_GO_VERSION := v1.36.12
PROTOC_GEN_GO_GRPC_VERSION := v1.6.2
PLUGINS := $(TOOLS)/protoc-gen-go $(TOOLS)/protoc-gen-go-grpc clients/typescript/node_modules/.bin/protoc-gen-es
PIP_VERSION := $(shell sed -n 's/^pip==//p' constraints.txt)
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --build-constraint constraints.txt
PROTOS := $(wildcard protos/leaderboard/v1/*.proto)
STUBS := clients/python
FRONT := server/front/Cargo.toml
FRONT_SOURCES := $(FRONT) server/front/pyproject.toml $(wildcard server/front/src/*.rs)
PAGE := server/web/page
PAGE_SOURCES := $(wildcard $(addprefix $(PAGE)/,*.json *.mjs src/* src/*/* styles/* html/* art/*)) \
	$(wildcard clients/typescript/package.json clients/typescript/src/*.ts clients/typescript/src/*/*.ts)
BUILT_PAGE := $(if $(shell command -v npm),build/page.built)
CLIENTS := python $(if $(shell command -v go),go) $(if $(shell command -v npm),typescript) $(if $(shell command -v mvn),java)

export PATH := $(CURDIR)/$(TOOLS):$(PATH)
# Else each of hundreds of processes of the tests compiles the same sources.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: clients client-python client-go client-typescript client-java proto-check-clients help run run-web front front-check page page-check test test-web screenshots test-slow test-deploy soak attacks attacks-quick bench bench-quick bench-rules bench-export bench-web bench-scale test-readme docs release-check lint format types proto proto-check contract contract-release tools clean

help: ## List the tasks
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

run: $(VENV)/.run $(if $(shell command -v cargo),$(VENV)/.front-tried) ## Set up all that is needed and serve on 127.0.0.1:50051
	$(BIN)/leaderboard serve

run-web: build/page.built $(VENV)/.run $(if $(shell command -v cargo),$(VENV)/.front-tried) ## Show sample boards that move at http://127.0.0.1:8080/boards (needs npm)
	@exec env PYTHONPATH=server/web $(BIN)/python -m sample

front: $(VENV)/.front ## Build the fast listener and install it (needs Rust)

front-check: ## Check and test the Rust code of the fast listener
	cargo fmt --check --manifest-path $(FRONT)
	cargo clippy --quiet --all-targets --manifest-path $(FRONT) -- -D warnings
	cargo test --quiet --manifest-path $(FRONT)

page: build/page.built ## Build the page of the web gateway (needs npm)

page-check: build/page.built ## Check and test the code of the page (needs npm)
	cd $(PAGE) && npm run --silent lint && npm run --silent test

test: $(VENV)/.dev $(BUILT_PAGE) ## Run the tests (7 to 11 minutes on 2 cores, by machine)
	$(BIN)/pytest -m "not slow and not attack and not web" -n 4 --dist worksteal

test-web: $(VENV)/.dev $(BUILT_PAGE) ## Run the tests of the web gateway, and of its page in a real Chromium (5 minutes)
	$(BIN)/pytest tests/benchmarks tests/browser tests/deploy tests/documents tests/web -m "web and not slow and not attack" -n 3 --dist loadfile

screenshots: $(VENV)/.dev $(BUILT_PAGE) ## Make pictures of the page, and of them those in the README
	$(BIN)/pytest tests/browser/test_screenshots.py
	cp build/screenshots/board-light.png build/screenshots/wall-dark.png docs/images

test-slow: $(VENV)/.dev $(BUILT_PAGE) ## Run the slow tests
	$(BIN)/pytest -m slow --timeout 3600

test-deploy: $(VENV)/.dev ## Run servers, Prometheus and load as an operator does (3 minutes)
	$(BIN)/pytest tests/deploy -m slow --timeout 600

test-readme: $(VENV)/.dev ## Run every command of the README in a copy of the project
	$(BIN)/pytest tests/documents -m slow

soak: $(VENV)/.dev ## Open and cancel watches for two hours (LEADERBOARD_SOAK_S seconds)
	LEADERBOARD_SOAK_S=$${LEADERBOARD_SOAK_S:-7200} $(BIN)/pytest tests/soak -m slow --timeout 0

attacks: $(VENV)/.dev ## Run all attacks on both listeners, and print their table (an hour)
	PYTHONPATH=tests $(BIN)/python -m attacks

attacks-quick: $(VENV)/.dev ## Run a short form of the attacks (a minute)
	$(BIN)/pytest tests/attacks tests/web -m attack -n 3 --dist worksteal

bench: $(VENV)/.dev ## Measure all listeners and peers: 3 turns of 3 s, half an hour (needs Go and h2load)
	PYTHONPATH=tests $(BIN)/python -m benchmarks

bench-quick: $(VENV)/.dev ## Run a short form of the benchmark (3 minutes)
	PYTHONPATH=tests $(BIN)/python -m benchmarks --quick

bench-rules: $(VENV)/.dev ## Measure what rules cost in the store (3 minutes)
	PYTHONPATH=tests $(BIN)/python -m benchmarks.rules

bench-export: $(VENV)/.dev $(VENV)/.front ## Measure the export of a live contest of a million users (a minute)
	PYTHONPATH=tests $(BIN)/python -m benchmarks.export

bench-web: $(VENV)/.dev $(if $(shell command -v cargo),$(VENV)/.front-tried) ## Measure watchers over WebSockets at a gateway on one core (5 minutes; needs Go)
	PYTHONPATH=tests $(BIN)/python -m benchmarks.web

bench-scale: $(VENV)/.dev ## Measure a contest of 10 million users, and three shards beside one node (10 minutes; 4 GB of memory)
	PYTHONPATH=tests $(BIN)/python -m benchmarks.scale

lint: $(VENV)/.dev ## Check style, docstrings and import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev ## Auto-fix lint and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.dev ## Generate pages, the dashboard and descriptions of fields from code and contract
	$(BIN)/python docs/configuration.py > docs/configuration.md
	$(BIN)/python docs/metrics.py > docs/metrics.md
	$(BIN)/python docs/field_descriptions.py > server/web/leaderboard_web/api/field_descriptions.json
	$(BIN)/python deploy/grafana/dashboard.py > deploy/grafana/leaderboard.json

release-check: $(VENV)/.dev clients $(BUILT_PAGE) ## Build all packages and check that their versions agree
	$(BIN)/python .ci/check_versions.py
	$(BIN)/python -m build --outdir build/server . >/dev/null
	$(if $(BUILT_PAGE),$(BIN)/python -m build --outdir build/web server/web >/dev/null)
	$(if $(shell command -v cargo),$(INSTALL) --group front && $(BIN)/maturin build --quiet --release --out build/front --manifest-path $(FRONT))

types: $(VENV)/.dev ## Check types
	$(BIN)/mypy

contract: $(VENV)/.dev ## Check the style of the contract, and its compatibility with the released one
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	$(BIN)/buf breaking --against protos/released.binpb

contract-release: $(VENV)/.dev ## Make the current contract the released one
	$(BIN)/buf build --as-file-descriptor-set --exclude-source-info -o protos/released.binpb

proto: $(VENV)/.dev $(PLUGINS) ## Generate the stubs from the contract (needs Go and npm)
	$(call make-stubs,$(STUBS))
	$(BIN)/buf generate
	$(call make-detail-stubs,clients/typescript/src/gen)

proto-check: $(VENV)/.dev ## Check that the generated Python stubs are up to date
	rm -rf build/stubs && mkdir -p build/stubs
	$(call make-stubs,build/stubs)
	diff -r -x __init__.py -x __pycache__ -x py.typed build/stubs/leaderboard $(STUBS)/leaderboard

proto-check-clients: $(VENV)/.dev $(PLUGINS) ## Check that the generated Go and TypeScript stubs are up to date (needs Go and npm)
	rm -rf build/stubs && mkdir -p build/stubs
	$(BIN)/buf generate -o build/stubs
	$(call make-detail-stubs,build/stubs/clients/typescript/src/gen)
	diff -r build/stubs/clients/go/leaderboard clients/go/leaderboard
	diff -r build/stubs/clients/typescript/src/gen clients/typescript/src/gen

define make-stubs
	$(BIN)/python -m grpc_tools.protoc -Iprotos --python_out=$(1) --pyi_out=$(1) $(PROTOS)
	$(BIN)/python -m grpc_tools.protoc -Iprotos --grpc_python_out=$(1) $(addprefix protos/leaderboard/v1/,leaderboard.proto contests.proto)
endef

# Stubs of the error details: npm has no package of them, so they come from the sources in the pip package.
define make-detail-stubs
	$(BIN)/python -m grpc_tools.protoc -I$$($(BIN)/python -c 'from google.rpc import code_pb2 as it; print(it.__file__.removesuffix("/google/rpc/code_pb2.py"))') \
		--plugin=clients/typescript/node_modules/.bin/protoc-gen-es --es_out=$(1) --es_opt=target=ts,import_extension=js \
		google/rpc/status.proto google/rpc/error_details.proto
endef

clients: $(CLIENTS:%=client-%) ## Build and test the clients whose tools are installed
	@echo "clients: $(CLIENTS)"

client-python: $(VENV)/.dev ## Build the packages of the Python client and of the command
	$(BIN)/python -m build --outdir build/clients/python clients/python >/dev/null
	$(BIN)/python -m build --outdir build/clients/cli clients/cli >/dev/null

# The stamp has the start time of the build: tests skip a client with newer sources.
define begin-build
	@mkdir -p build/clients && touch build/clients/$(1).begun
endef
define end-build
	@mv build/clients/$(1).begun build/clients/$(1).built
endef

client-go: ## Check, test and build the Go client and its driver
	$(call begin-build,go)
	cd clients/go && test -z "$$(gofmt -l .)" && go vet ./... && go test $(if $(shell command -v gcc),-race) ./...
	cd clients/go/examples/traces && test -z "$$(gofmt -l .)" && go vet . && go test .
	cd tests/clients/drivers/go && test -z "$$(gofmt -l .)" && go vet ./... && go build -o $(CURDIR)/build/clients/go-driver .
	$(call end-build,go)

client-typescript: ## Build and test the TypeScript client
	$(call begin-build,typescript)
	cd clients/typescript && npm install --no-audit --no-fund --silent --ignore-scripts && npm run --silent lint && npm run --silent test && npm run --silent build
	cd clients/typescript && npm pack --silent --ignore-scripts --pack-destination $(CURDIR)/build/clients
	$(call end-build,typescript)

client-java: ## Build and test the Java client and its driver
	$(call begin-build,java)
	mvn --quiet --batch-mode --file tests/clients/drivers/java package
	$(call end-build,java)

tools: $(TOOLS)/grpcurl $(TOOLS)/promtool ## Install grpcurl (needs Go) and Prometheus (Go or apt) for the tests

$(TOOLS)/protoc-gen-go:
	GOBIN=$(CURDIR)/$(TOOLS) go install google.golang.org/protobuf/cmd/protoc-gen-go@$(PROTOC_GEN_GO_VERSION)

$(TOOLS)/protoc-gen-go-grpc:
	GOBIN=$(CURDIR)/$(TOOLS) go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@$(PROTOC_GEN_GO_GRPC_VERSION)

clients/typescript/node_modules/.bin/protoc-gen-es:
	cd clients/typescript && npm install --no-audit --no-fund --silent --ignore-scripts

$(TOOLS)/grpcurl:
	GOBIN=$(CURDIR)/$(TOOLS) go install github.com/fullstorydev/grpcurl/cmd/grpcurl@$(GRPCURL_VERSION)

$(TOOLS)/promtool:
	@mkdir -p $(TOOLS)
	tests/deploy/get_prometheus.sh $(TOOLS) $(PROMETHEUS_VERSION)

clean: ## Remove all files that these tasks made
	rm -rf $(VENV) .tools build server/front/target server/front/python/leaderboard_front/*.so
	rm -rf server/web/leaderboard_web/static $(addprefix $(PAGE)/,build node_modules)
	rm -rf $(addprefix clients/typescript/,dist build node_modules) clients/java/target $(addprefix tests/clients/drivers/java/,target driver/target)

$(VENV)/.pip: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check pip==$(PIP_VERSION)
	@touch $@

$(VENV)/.run: $(VENV)/.pip pyproject.toml clients/python/pyproject.toml clients/cli/pyproject.toml server/web/pyproject.toml
	$(INSTALL) -e clients/python -e clients/cli -e . -e server/web
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(INSTALL) --group dev
	@touch $@

# The page has the browser's part of the TypeScript client in it, built from its source.
build/page.built: $(PAGE_SOURCES)
	@command -v npm >/dev/null || { echo "The page of the web gateway is built with npm (Node.js 20.11 or later), which is not installed."; exit 1; }
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 11) ? 0 : 1)' || \
		{ echo "The page of the web gateway is built with Node.js 20.11 or later, and this is $$(node --version)."; exit 1; }
	cd $(PAGE) && npm install --no-audit --no-fund --loglevel=error --ignore-scripts && npm run --silent build
	@mkdir -p build && touch $@

# The Python files of the front are used in place; only its Rust code is built.
$(VENV)/.front: $(FRONT_SOURCES) | $(VENV)/.run
	$(INSTALL) --group front
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --quiet --release --manifest-path $(FRONT)
	@touch $@ $(VENV)/.front-tried

$(VENV)/.front-tried: $(FRONT_SOURCES) | $(VENV)/.run
	@server/front/try_build.sh
