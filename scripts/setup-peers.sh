#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Makes build/peers, a Python environment with what tests/peers and tests/formats compare with: NumPy, SciPy, onnx, ONNX Runtime, safetensors
# and gguf from PyPI.
#   scripts/setup-peers.sh            about 90 MB of downloads
#   scripts/setup-peers.sh --torch    PyTorch too: from PyPI that is some 3 GB with its GPU libraries, so only on request
#   scripts/setup-peers.sh --bench    PyTorch, and what docs/benchmarks.md compares with beside it, from Debian: OpenBLAS, oneDNN, Python's headers
set -eu
cd "$(dirname "$0")/.."
packages="numpy==2.4.6 scipy==1.17.1 onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 gguf==0.19.0" # what the tests were seen to agree with
case ${1:-} in --torch | --bench) packages="$packages torch==2.15.0" ;; esac # without its libraries for GPUs it does not load, not even for the CPU
if [ "${1:-}" = --bench ]; then
  debian="python3-dev libopenblas-dev libdnnl-dev" as_root=
  [ "$(id -u)" = 0 ] || as_root=sudo
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $debian </dev/null || echo "peers: apt could not install $debian" >&2
fi
python3 -m venv build/peers || { echo "peers: no Python environment (apt install python3-venv); tests/peers and tests/formats are skipped" >&2; exit 1; }
# shellcheck disable=SC2086
build/peers/bin/python -m pip --disable-pip-version-check install --quiet --retries 1 --timeout 20 $packages || { echo "peers: pip could not install $packages" >&2; exit 1; }
build/peers/bin/python -m pip --disable-pip-version-check list | grep -iE '^(numpy|scipy|onnx|onnxruntime|safetensors|gguf|torch) '
