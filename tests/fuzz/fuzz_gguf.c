// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target: any bytes as a GGUF file.
#include "archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return fuzz(RT_ARCHIVE_GGUF, data, size); }
