#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# labels: release
# docs/conformance.md has a row for each operation, suite and mistake that the tests of this build reported; numbers are not compared.
set -eu
exec sh "${TRIVET_SOURCE_DIR:?}/scripts/conformance.sh" --check "${TRIVET_BUILD_DIR:?}"
