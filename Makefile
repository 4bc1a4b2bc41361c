# The usual commands; `make help` lists them.
VENV ?= .venv
MADE_WITH := $(shell cat $(VENV)/made-with 2>/dev/null)
PYTHON ?= $(or $(MADE_WITH),python3)
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Each module is compiled once, and not by each process that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/demo.done  ## install in a virtual environment and run a real conversation
	$(BIN)/python examples/quickstart.py
	@echo && echo "── Candela ──"
	$(BIN)/python examples/candela_quickstart.py
	@echo && echo "── Events ──"
	$(BIN)/python examples/events.py

test: $(VENV)/test.done  ## run the tests, in under 5 minutes
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not slow"

faults: $(VENV)/test.done  ## run the fault matrix alone: a line for each case and a total
	$(BIN)/python -m pytest -n 2 -q --no-header -m fault $$(grep -rlE "^@pytest.mark.fault" --include="test_*.py" test)

mutants: $(VENV)/mutants.done  ## change decisive modules by rule, some with MUTANTS="portal_client.batch.*", and list what no test notices
	$(BIN)/mutmut run $(MUTANTS)
	$(BIN)/mutmut results

coverage: $(VENV)/coverage.done  ## run the tests under coverage: 95 % of lines and of branches of each package
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 4 --dist worksteal -m "not slow"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage json --quiet
	$(BIN)/python tools/covered.py

check: lint types  ## linters, both type checkers and the slow tests, in under 30 minutes
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/test.done  ## the linter and the layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test.done  ## both type checkers
	$(BIN)/mypy
	$(BIN)/pyright --warnings --pythonpath $(BIN)/python

hooks: $(VENV)/test.done  ## have git check each commit, and the types at each push
	$(BIN)/pre-commit install

# What the audit says comes last; before it are warnings of the tool's own, or a traceback.
audit: $(VENV)/test.done  ## look for known vulnerabilities in all that is installed here, by the list of PyPI
	@$(BIN)/python -m pip freeze --exclude-editable > $(VENV)/audited.txt
	@$(BIN)/pip-audit --strict --no-deps --disable-pip --progress-spinner off -r $(VENV)/audited.txt \
	  2> $(VENV)/audit.log; status=$$?; tail -n 1 $(VENV)/audit.log >&2; exit $$status

bench: $(VENV)/bench.done  ## measure, and write docs/performance.md, in about 5 minutes
	$(BIN)/python -m bench --keep

bench-check: $(VENV)/bench.done  ## measure, and say what is slower than it was recorded
	$(BIN)/python -m bench --check

soak: $(VENV)/test.done  ## put a mixed load with faults on the sandbox for 30 minutes, or for SECONDS=600, and balance it (Linux)
	$(BIN)/python bench/soak.py --seconds $(or $(SECONDS),1800)

pages: $(VENV)/test.done  ## write the pages of docs/ that are generated
	$(BIN)/python tools/pages.py

docs: pages  ## build the site of the pages, site/, with search, llms.txt and llms-full.txt
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

dist: $(VENV)/test.done  ## build both distributions, check them, and run the first steps on the wheel alone
	rm -rf dist
	$(BIN)/python -m hatchling build
	$(BIN)/python -m twine check --strict dist/*
	$(PYTHON) -m venv dist/venv
	dist/venv/bin/python -m pip install --quiet --disable-pip-version-check "$$(ls dist/*.whl)[sandbox]"
	cd dist && venv/bin/python ../examples/quickstart.py
	rm -rf dist/venv

format: $(VENV)/test.done  ## lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what these commands have made
	rm -rf $(VENV) build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis mutants .coverage .coverage.* coverage.json

# It is done when it says what it was made with: bin/python is there before the work is.
$(VENV)/bin/python: $(if $(filter $(PYTHON),$(MADE_WITH)),,anew)
	@test "$(VENV)" = .venv || test ! -e "$(VENV)" || test -f "$(VENV)/pyvenv.cfg" || \
	  { echo "$(VENV) is there and no virtual environment: say VENV=another" >&2; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { rm -rf $(VENV); \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is older: say for example make PYTHON=python3.13" >&2; exit 1; }
	@echo '$(PYTHON)' > $(VENV)/made-with

$(VENV)/demo.done: $(VENV)/bin/python pyproject.toml
	@echo "Installing the package and its sandbox; this takes about half a minute."
	@$(PIP) -e ".[sandbox]"
	@touch $@

$(VENV)/test.done: $(VENV)/bin/python pyproject.toml test-requirements.txt
	@echo "Installing the package and what its tests and checks need; this takes about a minute."
	@$(PIP) -r test-requirements.txt
	@touch $@

$(VENV)/mutants.done: $(VENV)/test.done
	@$(PIP) mutmut==3.8.1
	@touch $@

$(VENV)/coverage.done: $(VENV)/test.done
	@$(PIP) coverage==7.17.5
	@touch $@

$(VENV)/bench.done: $(VENV)/test.done bench/requirements.txt
	@echo "Installing the peers to measure with; this takes about half a minute."
	@$(PIP) -r bench/requirements.txt
	@touch $@

.PHONY: help demo test faults mutants coverage check lint types hooks audit bench bench-check soak pages docs dist format clean anew
