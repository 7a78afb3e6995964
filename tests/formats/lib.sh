# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# compare WHAT MODULE: runs compare.py with a Python that has NumPy and the module. Sourced, not run.
. "${TRIVET_SOURCE_DIR:?}/tests/peers/python.sh"
compare() {
  if [ "$2" = numpy ]; then find_python numpy; else find_python numpy "$2"; fi
  exec "$python" "$TRIVET_SOURCE_DIR/tests/formats/compare.py" "$1"
}
