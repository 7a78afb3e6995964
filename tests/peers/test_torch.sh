#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# labels: release
# Our operations beside PyTorch's: elementwise.py, reductions.py, contractions.py, movement.py, neural.py and conventions.py are the tables.
set -eu
. "${TRIVET_SOURCE_DIR:?}/tests/peers/python.sh"
find_python numpy torch
unset RT_BACKEND RT_LAYERS RT_FALLBACK RT_MEMORY_LIMIT
PYTHONDONTWRITEBYTECODE=1 "$python" "$TRIVET_SOURCE_DIR/tests/peers/compare.py" "${TRIVET_BUILD_DIR:?}" "$TRIVET_SOURCE_DIR/include" torch
