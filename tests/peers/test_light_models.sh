#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# labels: release slow
# The nine light models of the onnx package give their recorded outputs; six of them with random weights give what ONNX Runtime gives.
set -eu
. "${TRIVET_SOURCE_DIR:?}/tests/peers/python.sh"
find_python numpy onnx.numpy_helper # Debian has data of the package in a folder of its name
unset RT_BACKEND RT_LAYERS RT_FALLBACK RT_MEMORY_LIMIT
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PYTHONDONTWRITEBYTECODE=1 "$python" "$TRIVET_SOURCE_DIR/tests/peers/light_models.py" "${TRIVET_BUILD_DIR:?}" "$TRIVET_SOURCE_DIR/include" "$work"
