# Everything a developer runs. `make` lists it; each target prepares what it needs by itself.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The Python of the machine; it only has to make .venv, in which all else runs.
PYTHON ?= python3
# Relative, so that the tree may lie in a folder with spaces in its name.
PY := .venv/bin/python
STEP := tools/step
RESULTS := .build/results
BEFORE := .build/machine-before.json
# More arguments for pytest: make unit ARGS="-k ports"
ARGS ?=

# Ansible refuses to start without a UTF-8 locale, and keeps its files in this tree rather than in the user's home.
export LC_ALL := C.UTF-8
export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin:/sbin
export ANSIBLE_HOME := $(CURDIR)/.build/ansible-home
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.build
export ANSIBLE_NOCOWS := 1
export PYTHONDONTWRITEBYTECODE := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' Makefile | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## make .venv and install missing build tools (done by every other target, too)
	@$(PYTHON) tools/bootstrap.py

# -- the gate

.PHONY: test
test: lint lanes integration ## the whole gate: all of the targets below up to integration

.PHONY: test-all
test-all: test cores molecule browser docs ## the gate and all that is slow: every ansible-core, hosts that boot, the report in a browser, the site

.PHONY: lint
lint: lint-ruff lint-format lint-mypy lint-yaml lint-ansible lint-docs lint-changelog lint-shell lint-licence lint-workflow ## all linters; each is a target of its own, e.g. lint-mypy

.PHONY: lint-ruff lint-format lint-mypy lint-yaml lint-ansible lint-docs lint-changelog lint-shell lint-licence lint-workflow
lint-ruff: setup
	@$(STEP) $@ "ruff: mistakes and imports" ruff check --quiet .

lint-format: setup
	@$(STEP) $@ "ruff: formatting (make format repairs it)" ruff format --quiet --check .

lint-mypy: setup
	@$(STEP) $@ "mypy strict: plugins, tests, tools" tools/typecheck

lint-yaml: setup
	@$(STEP) $@ "yamllint" yamllint --strict .

lint-workflow: setup
	@$(STEP) $@ "the schema of GitHub workflows" check-jsonschema --quiet --builtin-schema vendor.github-workflows $(wildcard .github/workflows/*.yml)

lint-ansible: setup
	@$(STEP) $@ "ansible-lint, profile production, offline" tools/in-tree ansible-lint --nocolor --offline --profile production

lint-docs: setup
	@$(STEP) $@ "antsibull-docs: documentation of plugins and roles" tools/in-tree antsibull-docs lint-collection-docs --plugin-docs --disallow-unknown-collection-refs .

lint-changelog: setup
	@$(STEP) $@ "antsibull-changelog: fragments" tools/in-tree antsibull-changelog lint

lint-shell: setup
	@$(STEP) $@ "shellcheck" shellcheck .ci/run tools/step tools/typecheck tools/in-tree tools/as-root

lint-licence: setup
	@$(STEP) $@ "licence headers" $(PY) tools/licence.py

.PHONY: lanes
lanes: setup ## what make test runs between linters and integration tests, at the same time
	@$(PY) tools/side_by_side.py "$(MAKE) --no-print-directory roots" "$(MAKE) --no-print-directory unit-oldest sanity" "$(MAKE) --no-print-directory units package"

.PHONY: sanity
sanity: setup ## ansible-test sanity, no ignore file, under every Python found (the first run makes its environments: 1 to 4 minutes)
	@$(STEP) $@ "ansible-test sanity" $(PY) tools/ansible_test.py sanity $(ARGS)

.PHONY: units
units: setup ## ansible-test units, under every Python found
	@$(STEP) $@ "ansible-test units" $(PY) tools/ansible_test.py units $(ARGS)

.PHONY: unit
unit: setup ## unit tests under the newest Python found
	@$(STEP) $@ "unit tests under $$($(PY) -V)" $(PY) -m pytest tests/unit --junit-xml=$(RESULTS)/$@.xml $(ARGS)

.PHONY: unit-newest
unit-newest: unit ## the same as unit

.PHONY: unit-oldest
unit-oldest: setup ## unit tests of code for managed hosts under Python 3.8 and ansible-core 2.19
	@$(STEP) $@ "unit tests of code for managed hosts, oldest Python" $(PY) tools/unit_target.py --junit-xml=$(RESULTS)/$@.xml $(ARGS)

.PHONY: roots
roots: setup ## the Debian roots of the lab's hosts, in the user's cache; built once (root)
	@PYTHONPATH=tests $(STEP) $@ "the Debian roots of the lab" tools/as-root $(PY) -m lab build --all

.PHONY: package
package: build ## build, install into an empty place, ansible-doc of everything, galaxy-importer
	@$(STEP) $@ "the collection as others get it" $(PY) tools/package.py

.PHONY: integration
integration: setup ## real servers, kernels and packets in network namespaces (root)
	@$(STEP) $@ "integration tests in the lab" tools/as-root setpriv --pdeathsig TERM -- $(PY) -m pytest tests/integration_lab -n 3 --dist loadfile --no-loadscope-reorder --junit-xml=$(RESULTS)/$@.xml $(ARGS)

.PHONY: cores
cores: setup ## sanity, unit tests and plays under every ansible-core: make cores ARGS="2.18 2.20" (root)
	@$(PY) tools/cores.py $(ARGS)

.PHONY: molecule
molecule: setup ## each scenario on Debian 12 and 13 with systemd, over SSH: make molecule ARGS="classic_host --suite trixie" (root)
	@PYTHONPATH=tests $(STEP) $@ "molecule: roles on hosts that boot" tools/as-root setpriv --pdeathsig TERM -- $(PY) tools/molecule_runs.py $(ARGS)

.PHONY: browser
browser: setup ## the report in headless Chromium with axe-core; installs Chromium and Node.js from Debian (root)
	@$(STEP) $@ "the report in a browser" tools/as-root setpriv --pdeathsig TERM -- $(PY) tools/browser.py --junit-xml=$(RESULTS)/$@.xml $(ARGS)

.PHONY: mutants
mutants: setup ## break each promise on purpose and show which test notices
	@$(STEP) $@ "mutants: every patch in tests/mutants has to be caught" $(PY) tools/mutants.py $(ARGS)

.PHONY: bench
bench: setup ## compare with curl, wget, lftp, ftplib and single-rule modules: make bench ARGS="ftp --quick" (root)
	@PYTHONPATH=.build:tests tools/as-root setpriv --pdeathsig TERM -- $(PY) -m bench $(ARGS)

# -- use

# The snapshot comes first: setup may install Debian packages. The demo ends when make is killed.
.PHONY: demo demo-before
demo: demo-before setup ## a whole law firm in network namespaces: apply, prove, break, explain (root)
	@PYTHONPATH=tests tools/as-root setpriv --pdeathsig TERM -- $(PY) -m lab.demo --before $(BEFORE) $(ARGS)

demo-before:
	@mkdir -p .build && tools/as-root $(PYTHON) -I tests/lab/machine.py $(BEFORE)

.PHONY: build
build: setup ## the collection's tarball in .build/dist
	@$(STEP) $@ "ansible-galaxy collection build" tools/in-tree ansible-galaxy collection build --force --output-path "$(CURDIR)/.build/dist"

.PHONY: docs
docs: setup ## the documentation as a site in .build/docs/html
	@$(STEP) $@ "antsibull-docs and Sphinx" $(PY) tools/docs.py

# -- upkeep

.PHONY: format
format: setup ## let ruff format the Python code and sort the imports
	@ruff check --quiet --select I --fix . && ruff format --quiet .

.PHONY: capture
capture: setup ## capture the rules of real fail2ban, firewalld, ufw and podman anew: make capture ARGS=ufw (root)
	@PYTHONPATH=tests tools/as-root $(PY) -m integration_lab.capture $(ARGS)

.PHONY: lock
lock: ## write requirements/*.txt anew from requirements/*.in (needs each Python they are for)
	@$(PYTHON) tools/lock.py $(ARGS)

.PHONY: clean
clean: ## remove everything that make made in this tree
	rm -rf .venv .build
