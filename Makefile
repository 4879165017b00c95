# Everything else is in README.md and CONTRIBUTING.md.
PYTHON ?= python3
BIN = .venv/bin
export PORT HOST

run:  ## the whole site on this machine
	@$(PYTHON) deploy/prepare.py
	@$(BIN)/python deploy/run.py

test:  ## everything the tests need, then all tests
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python deploy/test.py

lint:  ## what must hold before a commit
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python deploy/lint.py

format:
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .
	@git ls-files -z '*.html' | xargs -0 $(BIN)/djade --target-version 5.2

lock:  ## pin the requirements anew
	@for name in base embedded dev node render; do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --python-version 3.11 \
	    requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

bench:  ## figures for docs/performance.md
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python -m bench.pages

journey:  ## DATA=<folder of catalogues and videos>, against a running site
	@$(BIN)/python manage.py journey $(DATA)

.PHONY: run test lint format lock bench journey
