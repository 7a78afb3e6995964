#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every snippet of the backend guide is in a file that the build compiles, and the checker notices one that is not.
set -eu
source=${TRIVET_SOURCE_DIR:?}
check=$source/tests/docs/check_snippets.sh
sh "$check" "$source" "$source/docs/backend-guide.md"

wrong=$(mktemp)
trap 'rm -f "$wrong"' EXIT
# shellcheck disable=SC2016
printf 'From `examples/plugin/tiny.c`:\n```c\nstatic int32_t relu_f64(\n```\n' > "$wrong"
if sh "$check" "$source" "$wrong"; then
  echo "a snippet that is in no file was not noticed"
  exit 1
fi
