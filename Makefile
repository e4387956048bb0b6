# `make run` and `make test` are the two commands; both set up what they need.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check texts load lock clean help
help:
	@echo "make run    start Turnout on http://127.0.0.1:5000"
	@echo "make test   run the tests"
	@echo "make check  run the linters, the type checker and the import contracts"
	@echo "make load   measure speed and size, and print the table (ARGS=\"--only page signup\")"
	@echo "make texts  collect every text that people read, and bring the catalogues of other languages up to date"

# An environment that was left half made (a Ctrl-C in the middle) has no pip yet and is made anew.
$(VENV)/.app: config/requirements/app.txt
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Turnout needs Python 3.11 or newer; $(PY) is $$($(PY) -V 2>&1). Name another one: make PY=python3.12 run"; exit 1; }
	@$(PY) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PY) -m venv --clear $(VENV)
	@echo "Installing what Turnout needs into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r config/requirements/app.txt
	@touch $@

$(VENV)/.test: config/requirements/test.txt $(VENV)/.app
	@echo "Installing the test tools into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r config/requirements/test.txt
	@touch $@

run: $(VENV)/.app
	@$(BIN)/python app.py

test: $(VENV)/.test
	@$(BIN)/python -m pytest -n auto $(ARGS)

load: $(VENV)/.test
	@$(BIN)/python -m tests.load $(ARGS)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# All texts, made anew whenever somebody translates and so not kept: webapp/translations/messages.pot. Then those
# that attendees see, in every language the site speaks: webapp/translations/<language>/LC_MESSAGES/messages.po.
texts: $(VENV)/.app
	@mkdir -p webapp/translations
	@$(BIN)/pybabel -q extract -F pyproject.toml -k _l --project=Turnout --copyright-holder="the authors of Turnout" --msgid-bugs-address="" --sort-by-file --no-wrap -o webapp/translations/messages.pot .
	@echo "webapp/translations/messages.pot"
	@$(BIN)/python -m tests.catalogue

# Writes the two requirement files anew from pyproject.toml; needs uv on the PATH.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o config/requirements/app.txt
	uv pip compile pyproject.toml --group test --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o config/requirements/test.txt

clean:
	rm -rf $(VENV) instance .pytest_cache .mypy_cache .ruff_cache
