# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# compare WHAT MODULE: runs compare.py with the first interpreter that has NumPy and the module. Sourced, not run.
compare() {
  for python in "${TRIVET_PYTHON:-}" python3 /usr/bin/python3; do
    if [ -n "$python" ] && "$python" -c "import numpy, $2" 2>/dev/null; then exec "$python" "$TRIVET_SOURCE_DIR/tests/formats/compare.py" "$1"; fi
  done
  echo "skipped: no Python here has numpy and $2; TRIVET_PYTHON can name one that has"
  exit 77
}
