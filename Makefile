# make demo: real TFLM firmware on the simulator, the speed-up table, and a photograph before the camera. make test: the tests. All set up what they need.
# IMAGES=folder compiles that folder's pictures into the firmware; MODEL=path.tflite builds it with that network.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
APT := $(shell [ "$$(id -u)" = 0 ] || echo sudo) DEBIAN_FRONTEND=noninteractive apt-get -qq
MODEL_OPTION := $(if $(MODEL),--model "$(MODEL)")

TOOLS := gcc-arm-none-eabi binutils-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib clang-19 lld-19 llvm-19 ninja-build cargo xz-utils
TOOLS_GCC10 := debian-archive-keyring g++ make tar xz-utils
TOOLS_RUST := rustc-web cargo-web rust-web-src binutils-arm-none-eabi
RUST_TARGET := thumbv7em-none-eabihf
KEYRING := /usr/share/keyrings/debian-archive-keyring.gpg

# $(call install,commands that must be there,packages that bring them)
install = @missing=; for command in $(1); do command -v $$command >/dev/null || missing=1; done; [ -z "$$missing" ] || \
	{ echo "apt-get install $(2)"; $(APT) update && $(APT) install -y --no-install-recommends $(2); }

.PHONY: demo firmware bench bitexact conform test check setup tools tools-gcc10 tools-qemu tools-rust tools-witnesses toolchain-gcc10 validate thirdparty

demo: setup tools
	@$(MAKE) --no-print-directory toolchain-gcc10 || echo "demo: GCC 10.2 cannot be had here; the table stands with GCC 12.2"
	@elfs=$$($(RUN) -m firmware.build --list table $(MODEL_OPTION)) && $(RUN) -m benchmarks.table $(if $(MODEL),--elf $$elfs)
	@$(RUN) -m benchmarks.camera_demo

firmware: setup tools
	$(RUN) -m firmware.build all $(MODEL_OPTION)

bench: setup tools tools-qemu
	mkdir -p build/reports
	$(RUN) -m benchmarks.speed --json build/reports/speed.json

thirdparty: setup tools-rust
	$(RUN) -m firmware.thirdparty.stm32f7xx_hal.build
	$(RUN) -m firmware.thirdparty.programs
	$(RUN) -m pytest -q tests/thirdparty

validate: firmware
	$(RUN) -m simulator validate

bitexact: firmware
	$(RUN) -m benchmarks.bitexact

conform: setup tools tools-qemu
	$(RUN) -m simulator conform --write

test: setup tools tools-witnesses
	$(RUN) -m pytest -q -n 2 -m "not alone"
	$(RUN) -m pytest -q -m alone

check: setup tools
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports
	NUMBA_DISABLE_JIT=1 $(RUN) -m pytest -q -n 2 -m "not slow and not jit"
	@$(MAKE) --no-print-directory test

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c "import ensurepip" 2>/dev/null || { $(APT) update && $(APT) install -y --no-install-recommends python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install -q -e '.[dev]'
	touch $@

tools:
	$(call install,arm-none-eabi-gcc clang-19 ld.lld-19 ninja cargo xz,$(TOOLS))

tools-gcc10:
	$(call install,g++ make tar xz $(if $(wildcard $(KEYRING)),,debian-archive-keyring),$(TOOLS_GCC10))

tools-witnesses: tools-qemu
	$(call install,chromium,chromium)

tools-qemu:
	$(call install,qemu-system-arm,qemu-system-arm)

# rustup's compiler gets the target; where there is no rustup, Debian's builds the core library from its sources.
tools-rust:
	@if command -v rustup >/dev/null; then \
		rustup target list --installed | grep -qx $(RUST_TARGET) || rustup target add $(RUST_TARGET); \
	elif [ ! -d /usr/lib/rustlib/src/rust/library ]; then \
		echo "apt-get install $(TOOLS_RUST)"; $(APT) update && $(APT) install -y --no-install-recommends $(TOOLS_RUST); \
	fi

toolchain-gcc10: setup tools tools-gcc10
	$(RUN) -m firmware.toolchain.gcc10 --build
