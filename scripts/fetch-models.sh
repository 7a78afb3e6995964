#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Brings the trained networks of the text-reading example into build/models (or the folder given): the PP-OCRv4 models of PaddleOCR
# (Apache-2.0), out of the PyPI package rapidocr-onnxruntime. pip downloads it by name, version and hash; nothing of it is installed or run.
#   scripts/fetch-models.sh [FOLDER]           does nothing when they are there; exit 1 with a sentence when they cannot be had
#   scripts/fetch-models.sh --check [FOLDER]   only looks
set -eu
package=rapidocr-onnxruntime==1.4.4
package_hash=sha256:971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf
inside=rapidocr_onnxruntime/models
sums='d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9  ch_PP-OCRv4_det_infer.onnx
48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b  ch_PP-OCRv4_rec_infer.onnx'

only_check=false
if [ "${1:-}" = --check ]; then
  only_check=true
  shift
fi
folder=${1:-$(dirname "$0")/../build/models}

are_there() { [ -d "$1" ] && (cd "$1" && echo "$sums" | sha256sum --check --status 2>/dev/null); }
give_up() {
  echo "models: $1; the demo and the tests that read text from pictures are skipped" >&2
  exit 1
}

if are_there "$folder"; then
  echo "models: the networks that read text are in $folder"
  exit 0
fi
if $only_check; then give_up "not in $folder (scripts/fetch-models.sh brings them from PyPI)"; fi
python3 -m pip --version >/dev/null 2>&1 || give_up "python3 -m pip is missing (apt install python3-pip)"
mkdir -p "$folder"
work=$(mktemp -d "$folder/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "$package --hash=$package_hash" > "$work/requirements.txt"
python3 -m pip --disable-pip-version-check download --quiet --no-deps --only-binary :all: --require-hashes --retries 1 --timeout 20 \
  --dest "$work" --requirement "$work/requirements.txt" || give_up "pip could not download $package"
python3 -m zipfile -e "$work"/*.whl "$work/wheel" || give_up "the package cannot be unpacked"
are_there "$work/wheel/$inside" || give_up "$package does not hold the files that it should"
echo "$sums" | while read -r _ file; do mv "$work/wheel/$inside/$file" "$folder/"; done
echo "models: $package: the networks that read text are now in $folder"
