#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Checks that every ```c snippet of a document is an exact excerpt of a file that the build compiles. The line before a snippet names it:
#   From `examples/plugin/tiny.c`:
# Usage: check_snippets.sh <source directory> <document>...    Prints each snippet that is not; exit status 1 if there is one.
set -eu
root=${1:?source directory}
shift
for document in "$@"; do
  awk -v root="$root" -v document="$document" '
    function complain(text) { printf "%s:%d: %s\n", document, start, text; bad = 1 }

    function content(file,   all, line) {
      if (file in kept) return kept[file]
      all = "\n"
      while ((getline line < (root "/" file)) > 0) all = all line "\n"
      close(root "/" file)
      return kept[file] = all
    }

    function check(   where) {
      n++
      if (before !~ /^From `[^`]+`:$/) { complain("no line says which file this snippet is from"); return }
      where = substr(before, 7, length(before) - 8)
      if (where !~ /^(examples|backends|layers|include|tests)\/.*\.[ch]$/) { complain("is not from a file that is compiled: " where); return }
      if (content(where) == "\n") { complain("there is no file " where); return }
      if (!index(content(where), "\n" snippet)) complain("is not in " where ": " first)
    }

    inside && /^```/ { inside = 0; check(); before = ""; next }
    inside { if (snippet == "") first = $0; snippet = snippet $0 "\n"; next }
    /^```c$/ { inside = 1; start = NR; snippet = ""; first = ""; next }
    NF { before = $0 }

    END {
      if (inside) complain("this snippet does not end")
      if (!n) { start = 0; complain("has no snippet at all") }
      if (!bad) printf "%s: %d snippets are as in their files\n", document, n
      exit bad
    }' "$document"
done
