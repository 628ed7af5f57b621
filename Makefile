# Needs Python 3.11 or newer and make; everything else is installed into VENV.
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
BIN := $(VENV)/bin
TRANSLATIONS := backend/companion/translations
LFORMS := tests/lforms/node_modules

.PHONY: run code test lint bench faults bench-evaluation bench-feed bench-risk bench-stream translations clean

run: $(VENV)/run.stamp ## serve the demo practice; FRESH=1 makes it anew
	$(BIN)/flask --app wsgi demo $(if $(FRESH),--fresh)

code: $(VENV)/run.stamp ## the demo clinician's authenticator code of this moment
	@$(BIN)/flask --app wsgi demo-code

test: $(VENV)/dev.stamp $(LFORMS)/lumbra.stamp ## every test, on the embedded PostgreSQL or on TEST_DATABASE_URL
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

lint: $(VENV)/dev.stamp ## style, types, import contracts, content
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/flask --app wsgi content check

bench: $(VENV)/dev.stamp ## what docs/benchmarks.md claims
	$(BIN)/python -m benchmarks.road
	$(BIN)/python -m benchmarks.today
	$(BIN)/python -m benchmarks.scoring
	$(BIN)/python -m benchmarks.year_of_texts
	$(BIN)/python -m benchmarks.planning
	$(BIN)/python -m benchmarks.throughput

faults: $(VENV)/dev.stamp ## every fault between us and the carrier; about half an hour
	$(BIN)/python -m benchmarks.faults

bench-stream: $(VENV)/dev.stamp ## a thousand idle readers of the alert stream, and from commit to reader
	$(BIN)/python -m benchmarks.stream
	$(BIN)/python -m benchmarks.webhooks

bench-evaluation: $(VENV)/dev.stamp ## the process evaluation over a million check-ins
	$(BIN)/python -m benchmarks.evaluation

bench-feed: $(VENV)/dev.stamp ## a page of the feed with a million alerts of five thousand practices
	$(BIN)/python -m benchmarks.feed

bench-risk: $(VENV)/dev.stamp ## the simulation behind docs/risk.md: its tables, CSV and pictures
	$(BIN)/python -m benchmarks.risk

POT := $(TRANSLATIONS)/messages.pot
translations: $(VENV)/dev.stamp ## collect and compile the words of the patient's pages; NEW=fr begins a language
	cd backend/companion && $(abspath $(BIN))/pybabel -q extract -F translations/babel.cfg -k lazy_gettext -c Translators: --no-location --sort-output -o translations/messages.pot .
	$(if $(NEW),$(BIN)/pybabel -q init -i $(POT) -d $(TRANSLATIONS) -l $(NEW))
	$(BIN)/pybabel -q update --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date -w 100 -i $(POT) -d $(TRANSLATIONS)
	rm $(POT)
	$(BIN)/pybabel -q compile -d $(TRANSLATIONS)

clean: ## the environment, the embedded database and the demo
	rm -rf $(VENV) $(LFORMS) var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/run.stamp: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

# LHC-Forms, in which the tests render our questionnaires; without npm those tests are skipped.
$(LFORMS)/lumbra.stamp: tests/lforms/package-lock.json
	@if command -v npm > /dev/null; then cd tests/lforms && npm ci && touch node_modules/lumbra.stamp; \
	else echo "npm is missing: LHC-Forms is not tested"; fi
