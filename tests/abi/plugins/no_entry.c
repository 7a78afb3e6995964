// SPDX-License-Identifier: BSD-3-Clause
// A fine shared library that is no plugin: it exports something, but no entry.
__attribute__((visibility("default"))) int something_else(void) { return 42; }
