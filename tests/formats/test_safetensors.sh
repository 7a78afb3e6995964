#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Tensors through our files and through those of the Python package safetensors, compared bit for bit.
. "$TRIVET_SOURCE_DIR/tests/formats/lib.sh"
compare safetensors safetensors.numpy
