# SPDX-License-Identifier: BSD-3-Clause
# Short names for the documented commands; CMakePresets.json is the build.
.PHONY: demo test build bench clean setup models ulp
.NOTPARALLEL:

demo: build
	examples/ocr/demo.sh build/release
	RT_BACKEND_PATH="$(CURDIR)/build/release/examples" build/release/bin/example_fashion

test: setup models
	scripts/run-tests.sh release

build: setup
	cmake --preset release
	cmake --build --preset release

bench: build
	RT_BACKEND_PATH="$(CURDIR)/build/release/examples" build/release/bin/trivet_bench_core
	bench/callgrind.sh build/release/bin/trivet_bench_core
	build/release/bin/trivet bench

# Every f32 through every function of one number, on each instruction set: a minute for most of the 44 functions. scripts/ulp.sh has what it takes and where it is kept.
ulp: build
	scripts/ulp.sh build/release

setup:
	scripts/setup-debian.sh

# Without them the tests that need them are skipped, so that is no failure.
models: setup
	scripts/fetch-models.sh || true

clean:
	rm -rf build
