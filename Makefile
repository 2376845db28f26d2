# make demo: real TFLM firmware on the simulator. make test: the tests. Both set up what they need.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
DEBIAN := gcc-arm-none-eabi binutils-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib clang-19 lld-19 llvm-19 ninja-build cargo

.PHONY: demo test check firmware setup tools

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install -q -e '.[dev]'
	touch $@

setup: $(VENV)/ready

tools:
	@if ! command -v arm-none-eabi-gcc >/dev/null || ! command -v clang-19 >/dev/null || ! command -v ninja >/dev/null || ! command -v cargo >/dev/null; then \
	  $(SUDO) apt-get update -qq && $(SUDO) apt-get install -qq -y --no-install-recommends $(DEBIAN); fi

firmware: setup tools
	$(RUN) -m firmware.build table

demo: firmware
	$(RUN) -m benchmarks.demo

test: setup tools
	$(RUN) -m pytest -q -n 2

check: setup tools
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(RUN) -m pytest -q -n 2
