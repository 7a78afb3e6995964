# SPDX-License-Identifier: BSD-3-Clause
# Short names for the documented commands; CMakePresets.json is the build.
.PHONY: demo test build bench clean setup
.NOTPARALLEL:

demo: build
	RT_BACKEND_PATH="$(CURDIR)/build/release/examples" build/release/bin/example_fashion

test: setup
	scripts/run-tests.sh release

build: setup
	cmake --preset release
	cmake --build --preset release

bench: build
	RT_BACKEND_PATH="$(CURDIR)/build/release/examples" build/release/bin/trivet_bench_core
	bench/callgrind.sh build/release/bin/trivet_bench_core

setup:
	scripts/setup-debian.sh

clean:
	rm -rf build
