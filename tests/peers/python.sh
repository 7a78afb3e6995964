# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# Finds a Python that has the packages a test compares with. Sourced, not run.
#   find_python MODULE...   sets $python, or ends the test as skipped, naming what would bring the packages
# Tried in order: TRIVET_PYTHON, build/peers (scripts/setup-peers.sh makes it), python3, Debian's python3.
find_python() {
  modules=$(echo "$*" | tr ' ' ',')
  for python in "${TRIVET_PYTHON:-}" "${TRIVET_SOURCE_DIR:?}/build/peers/bin/python" python3 /usr/bin/python3; do
    if [ -n "$python" ] && "$python" -c "import $modules" 2>/dev/null; then return 0; fi
  done
  packages=$(echo "$*" | sed 's/\.[a-z_]*//g')
  echo "skipped: no Python with $packages; scripts/setup-peers.sh brings them (pip install $packages), or TRIVET_PYTHON names one that has them"
  exit 77
}
