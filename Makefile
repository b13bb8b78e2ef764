# Every target installs its environment first. Variables follow the target: make reproduce PROFILE=standard SEEDS=1,2,3
NAMED_PROFILE := $(PROFILE)# what make check trains is drawn at random, unless it is named
NAMED_DATA := $(if $(value DATA),1)
NAMED_ARM := $(ARM)
PROFILE ?= quick
DATA ?= sample
SEEDS ?= 0
DEVICE ?= auto
VENV ?= .venv
PYTHON ?= $(if $(filter .venv,$(VENV)),python3,$(BIN)/python)
PORT ?= 8888
ARM ?= combined
GPU ?=
NOTEBOOKS ?=
BENCHES ?=
SCHEDULER ?=
DEMO ?= 1
export DEMO DEVICE FRESH VGG_WEIGHTS SR_DATA SCHEDULER

# 1, true, yes -> 1; 0, false, no and the empty string -> the empty string; any other value stops make.
yes = $(if $(filter 1 true yes,$($1)),1,$(if $(filter-out 0 false no,$($1)),$(error $1=$($1) is neither yes nor no; set it to 1, true or yes, or to 0, false or no)))
override DEMO := $(call yes,DEMO)
override FORCE := $(call yes,FORCE)
override FRESH := $(call yes,FRESH)
override GPU := $(call yes,GPU)

# File names reach commands through the environment, so that neither make nor the shell interprets $ or " in them.
unexport IMAGE OUT DATA WEIGHTS
export NAME_OF_IMAGE := $(value IMAGE)
export NAME_OF_OUT := $(value OUT)
export NAME_OF_DATA := $(value DATA)
export NAME_OF_WEIGHTS := $(value WEIGHTS)

BIN := $(VENV)/bin
JAX := $(filter jax,$(KERAS_BACKEND))
ENV := $(BIN)/.installed$(if $(JAX),-jax)$(if $(GPU),-gpu)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ifdef JAX  # not $(if), whose argument would end at the comma between the extras
PINNED := -c requirements.lock ".[jax,test]"
else
PINNED := -r requirements.lock
endif
ARGS := --profile "$(PROFILE)" --data="$$NAME_OF_DATA" --seeds "$(SEEDS)"

.DEFAULT_GOAL := help
.PHONY: help env reproduce pages publish verify record check upscale export weights test bench audit lab site data wheel clean

help:  ## this list
	@echo "make TARGET [VARIABLE=value …]"; echo
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo; echo "  PROFILE=$(PROFILE)   smoke, quick, standard, long or paper: how long the training is"
	@echo "  DATA=…     sample (default), bsds500, div2k, or a folder of images"
	@echo "  SEEDS=$(SEEDS)         one training per seed: SEEDS=1,2,3"
	@echo "  DEVICE=$(DEVICE)     auto, cpu or gpu"
	@echo "  SCHEDULER=…     local:2 trains two arms side by side; tcp://host:8786 on a Dask cluster"
	@echo "  VENV=…     an environment of yours instead of .venv: VENV=\$$CONDA_PREFIX installs the pinned packages there"
	@echo "  PORT=$(PORT)       where make lab listens, on this machine only"
	@echo "  IMAGE=…, OUT=…  what make upscale enlarges, and where to; FORCE=1 makes it anew; ARM=srcnn takes the baseline"
	@echo "  WEIGHTS=…       what make export takes instead of the study's own: a training's final.weights.h5"
	@echo "  FRESH=1         train anew what runs/ already holds"
	@echo "  NOTEBOOKS=…     what make pages and make verify execute; default: all"
	@echo "  BENCHES=…       what make bench measures; default: calibration, steps and peers"
	@echo "  VGG_WEIGHTS=…   Keras' VGG-19 notop file for the perceptual loss; none = random features"
	@echo "  SR_DATA=…       where image sets lie; default: the user's cache"

env: $(ENV)  ## the environment in .venv; GPU=1 adds CUDA

$(ENV): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13; name one that is: make env PYTHON=python3.12"; exit 1; }
	@echo "environment 1/3: $(VENV) with $$($(PYTHON) --version)"
	@$(if $(filter .venv,$(VENV)),$(PYTHON) -m venv .venv)
	@echo "environment 2/3: installing the pinned packages (about 1 GB; minutes on the first machine)"
	@$(PIP) $(PINNED)
	@$(if $(GPU),$(PIP) -c requirements.lock "$(if $(JAX),jax[cuda12],tensorflow[and-cuda])")
	@echo "environment 3/3: installing sr_utils"
	@$(PIP) --no-deps -e .
	@touch $@ $(if $(JAX),,$(BIN)/.installed)

$(BIN)/.with-%: $(ENV)  # an extra of pyproject.toml, which make env leaves out
	@$(PIP) -c requirements.lock -e ".[$*]"
	@touch $@

reproduce: $(ENV)  ## train every arm, execute all notebooks, draw every figure
	@$(BIN)/python -m tools reproduce $(ARGS)

upscale: $(ENV)  ## IMAGE=photo.jpg, or a folder, ×4 by the combined model; DEVICE=gpu
	@test -n "$$NAME_OF_IMAGE" || { echo "name a picture: make upscale IMAGE=photo.jpg"; exit 1; }
	@$(BIN)/python -m tools.photo --arm "$(ARM)" $(if $(FORCE),--force) -- "$$NAME_OF_IMAGE" $${NAME_OF_OUT:+"$$NAME_OF_OUT"}

export: $(ENV)  ## ARM=combined as an ONNX file, build/combined.onnx or OUT=…, checked against Keras
	@$(BIN)/python -m tools export --arm "$(ARM)" $${NAME_OF_OUT:+--out="$$NAME_OF_OUT"} $${NAME_OF_WEIGHTS:+--weights="$$NAME_OF_WEIGHTS"}

pages: $(ENV)  ## execute all pages from the record into build/pages, in minutes: no training, no download
	@$(BIN)/python -m tools pages $(NOTEBOOKS)

publish: $(ENV)  ## put what make pages made into notebooks/, figures/ and the README
	@$(BIN)/python -m tools publish

verify: $(ENV)  ## execute the pages from the record, and compare all that they show with what is committed
	@$(BIN)/python -m tools verify $(NOTEBOOKS)

record: $(ENV)  ## add the complete trainings of runs/ to the record; FORCE=1 replaces rows that contradict them
	@FORCE=$(FORCE) $(BIN)/python -m tools record

check: $(ENV)  ## train one recorded run again and compare it with its row; a random one, or ARM=, LOSS=, SEED=, …
	@$(BIN)/python -m tools check $(if $(NAMED_ARM),--arm $(NAMED_ARM)) $(if $(LOSS),--loss $(LOSS)) $(if $(SEED),--seed $(SEED)) $(if $(NAMED_PROFILE),--profile $(NAMED_PROFILE)) $(if $(NAMED_DATA),--data="$$NAME_OF_DATA")

weights: $(ENV)  ## train the networks that come with the study again, and refresh their card
	@$(BIN)/python -m tools weights

test: $(ENV)  ## ruff, then all tests, and which lines and branches of sr_utils they reach
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --cov

bench: $(ENV) $(if $(findstring peers,$(BENCHES)),$(BIN)/.with-peers)  ## what is measured, not tested: intervals, training steps, other networks (an hour)
	@$(BIN)/python -m bench $(BENCHES)

audit: $(ENV)  ## the pinned packages against the published advisories (pip-audit; needs the network)
	@$(PIP) pip-audit
	@$(BIN)/pip-audit --strict --disable-pip -r requirements.lock --no-deps

lab: $(ENV)  ## JupyterLab on the notebooks
	@$(BIN)/python -c 'import socket, sys; socket.create_server(("127.0.0.1", int(sys.argv[1]))).close()' $(PORT) 2>/dev/null || { echo "port $(PORT) is in use; name another: make lab PORT=$$(($(PORT) + 1))"; exit 1; }
	@$(BIN)/jupyter lab --notebook-dir=. --ip=127.0.0.1 --port=$(PORT) --ServerApp.port_retries=0 --LabApp.default_url=/lab/tree/notebooks/01_baseline.ipynb

site: $(ENV)  ## the pages as a site in build/site; DEMO=0 leaves out the network that runs in the browser
	@$(BIN)/python -m tools site

data: $(ENV)  ## download DATA now (div2k, bsds500, Set5, Set14, BSD100 or Urban100)
	@$(BIN)/python -m tools data "$$NAME_OF_DATA"

wheel: $(ENV)  ## the package as a file in build/dist, for pip install and for a release; the address is copied first
	@$(BIN)/python -m tools wheel

clean:  ## remove .venv and build; runs/ and figures/ stay
	rm -rf .venv build
