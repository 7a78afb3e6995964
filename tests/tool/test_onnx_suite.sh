#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The ONNX project's own tests (Debian's libonnx-testdata): `trivet onnx-test` runs them all; the cases that do not pass are those of onnx_known.txt.
# ONNX_TESTDATA names another folder, for which there is no list: there only the cases that fail are errors.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"
minimum=1036 # of 1,072; the list says exactly which

data=${ONNX_TESTDATA:-/usr/share/libonnx-testdata/data}
if [ ! -d "$data" ]; then
  echo "SKIPPED: $data is not there; apt install libonnx-testdata for the 1,072 tests of the ONNX project"
  exit 77
fi
report=$build/tests/onnx_suite.json
if [ -n "${ONNX_TESTDATA:-}" ]; then
  run onnx-test --json "$report" "$data"
else
  run onnx-test --json "$report" --known "$here/onnx_known.txt" "$data"
fi
ok
tail -n 1 out
echo "per case and per operation: $report"
passed=$(sed -n 's/.* cases: \([0-9]*\) pass.*/\1/p' out)
if [ -z "${ONNX_TESTDATA:-}" ] && [ "${passed:-0}" -lt "$minimum" ]; then bad "fewer than $minimum cases pass"; fi
finish
