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

real:  ## DATA=<folder>: the tests over its clips and catalogues
	@$(PYTHON) deploy/prepare.py --tests
	@DATA=$(DATA) $(BIN)/pytest -n 2 tests/real

lint:  ## what must hold before a commit
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python deploy/lint.py

format:
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .
	@git ls-files -z '*.html' | xargs -0 $(BIN)/djade --target-version 5.2

lock:  ## pin the requirements anew
	@for name in base embedded dev node render moderation; do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links --python-version 3.11 \
	    requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

bench:  ## figures for docs/performance.md
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python -m bench.pages

bench-video:  ## FILES="…": cost, memory, first playable, beside PeerTube and MediaCMS
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python -m bench.transcode --rivals $(FILES)

bench-queue:  ## a hundred clips of several shops on two workers: who waits how long
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python -m bench.queue

faults-upload:  ## UPLOADS=100: by each client, over connections that break
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python -m bench.uploads --uploads $(or $(UPLOADS),100)

faults-video:  ## workers killed at random while fifty videos are made, and more
	@$(PYTHON) deploy/prepare.py --tests
	@VIDEO_FAULTS=50 $(BIN)/pytest -q -s tests/test_video_faults.py

faults-money:  ## MONEY_FAULTS=20: races, faults of Stripe, kills and restarts, in full
	@$(PYTHON) deploy/prepare.py --tests
	@MONEY_FAULTS=$${MONEY_FAULTS:-20} $(BIN)/python -m pytest -q -s -p tests.fault_figures \
	  -m "fault or money" tests

bench-checkout:  ## whole checkouts a second; an order's cost as orders become many
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python -m bench.checkouts $(BENCH)
	@$(BIN)/python -m bench.flash_sale

bench-feed:  ## the feed by size of the catalogue, and events a second into the tables
	@$(PYTHON) deploy/prepare.py --tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m bench.feed $(BENCH)
	@$(BIN)/python -m bench.ingestion

journey:  ## DATA=<folder of catalogues and videos>, through a site that make run runs
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python deploy/journey.py $(DATA)

hostile:  ## 500 damaged files through the transcoding task
	@$(PYTHON) deploy/prepare.py --tests
	@HOSTILE_FILES=500 $(BIN)/pytest tests/test_hostile.py -q

corpus:  ## DATA=<folder of videos>: each through upload and transcode
	@$(PYTHON) deploy/prepare.py --tests
	@$(BIN)/python -m bench.corpus $(DATA) --expected tests/real/clips.csv

evaluate-feed:  ## DATA=<folder>: the feed's model on public data, see manage.py evaluate_feed --help
	@$(PYTHON) deploy/prepare.py --tests
	@DEBUG=true OMP_NUM_THREADS=1 $(BIN)/python manage.py evaluate_feed $(DATA)

referee:  ## REFEREE=<file>: the feed before a simulated audience, see bench/referee.py
	@$(PYTHON) deploy/prepare.py --tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m bench.referee $(REFEREE)

.PHONY: evaluate-feed referee run test real lint format lock bench bench-video bench-queue bench-checkout bench-feed journey faults-upload faults-video faults-money hostile corpus
