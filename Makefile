# Every task of the project. `make` alone lists them. Works with GNU make 3.81.

VENV := .venv
PY := $(VENV)/bin/python
# Tests, checks, benchmarks and the demo never look at the clusters of whoever runs them.
OWN := env -u KUBECONFIG

.PHONY: help run demo test test-quick test-compose soak check bench cluster format messages lock

help: ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 20

run: $(VENV)/.installed ## set up and serve on http://127.0.0.1:8000 (KUBECONFIG's clusters, else the demo)
	@exec $(PY) -m k8sportal.run

demo: $(VENV)/.installed ## the same, always on the demo cluster
	@PORTAL_DEMO=1 exec $(OWN) $(PY) -m k8sportal.run

test: $(VENV)/.installed-dev ## every test in its short form (the first build takes about 11 minutes)
	@$(OWN) $(PY) -m tools.test

test-quick: $(VENV)/.installed-dev ## what needs neither Go nor a browser, under a minute
	@$(OWN) $(PY) -m tools.test --quick

test-compose: $(VENV)/.installed-dev ## build the image, bring up compose.yaml and try it (needs Docker, or root on Debian)
	@$(OWN) $(PY) -m tools.compose_tests $(OPTIONS)

soak: $(VENV)/.installed-dev ## the long forms of the fault and leak tests (hours), into benchmarks/results/
	@$(OWN) $(PY) -m tools.soak

check: $(VENV)/.installed-dev ## format, lint, types, layers, front end, documentation
	@$(OWN) $(PY) -m tools.check

bench: $(VENV)/.installed-dev ## measure, print a table, write benchmarks/results/
	@$(OWN) $(PY) -m benchmarks

cluster: $(VENV)/.installed ## a real control plane with simulated nodes and living workloads
	@exec $(OWN) $(PY) -m tests.cluster

format: $(VENV)/.installed-dev ## format and repair what can be repaired by itself
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

messages: $(VENV)/.installed-dev ## bring locale/*/LC_MESSAGES/django.po in line with the texts of the sources
	@$(PY) -m tools.messages

lock: $(VENV)/.installed-dev ## lock requirements*.in anew, for all platforms
	@for name in requirements requirements-dev tools/requirements-go tools/requirements-node; do \
	    $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	        --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	        $$name.in -o $$name.txt || exit 1; \
	done

$(VENV)/.installed: requirements.txt
	@sh tools/venv.sh requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@sh tools/venv.sh requirements-dev.txt
	@touch $@
