#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The networks that read text give what ONNX Runtime gives for the same tensors, and spell the same text.
set -eu
source=${TRIVET_SOURCE_DIR:?} build=${TRIVET_BUILD_DIR:?}
ocr=$build/bin/example_ocr
models=${TRIVET_MODELS:-$source/build/models}
[ -x "$ocr" ] || { echo "skipped: example_ocr is not built; it needs libpng-dev"; exit 77; }
"$source/scripts/fetch-models.sh" --check "$models" > /dev/null 2>&1 || { echo "skipped: no models; scripts/fetch-models.sh brings them"; exit 77; }
. "$source/tests/peers/python.sh"
find_python numpy onnxruntime
unset RT_BACKEND RT_LAYERS RT_FALLBACK RT_MEMORY_LIMIT
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$ocr" --draw 'The same question\nto two runtimes: 42' --size 20 "$work/page.png"
"$ocr" --models "$models" --dump "$work" "$work/page.png" > "$work/text"
PYTHONDONTWRITEBYTECODE=1 "$python" "$source/tests/peers/ocr.py" check "$models" "$work" "$work/text"
