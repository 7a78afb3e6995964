#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Makes the headers of versions that do not exist, to practise growth: three of an imagined major 1, derived from today's backend.h.
#   OUT/old/trivet/backend.h   1.4: the last slot of rtb_backend and of rtb_host is not there yet
#   OUT/now/trivet/backend.h   1.5: as it is
#   OUT/new/trivet/backend.h   1.6: a slot more in rtb_backend and in rtb_host, a field more in rtb_kernel
# A plugin compiled with -DRTB_MINOR_NEEDED=4 against any of them loads in a host of any of them.
# Usage: make_headers.sh <include directory> <OUT>
set -eu
include=${1:?include directory} out=${2:?output directory}

# make <folder> <minor> <what happens to the tables: cut, keep or grow>
make() {
  mkdir -p "$out/$1/trivet"
  cp "$include/trivet/backend_kit.h" "$out/$1/trivet/"
  awk -v minor="$2" -v how="$3" '
    { line[NR] = $0 }
    # Remembers the last line of each struct that holds a field.
    /^struct rtb_host \{/ { inside = "host" }
    /^typedef struct rtb_backend \{/ { inside = "backend" }
    /^typedef struct rtb_kernel \{/ { inside = "kernel" }
    inside != "" && /^}/ { inside = "" }
    inside != "" && /;/ && !/^struct|^typedef/ { last[inside] = NR }
    END {
      for (i = 1; i <= NR; i++) {
        text = line[i]
        if (text == "#define RTB_MAJOR 0") { text = "#define RTB_MAJOR 1"; found++ }
        if (text ~ /^#define RTB_MINOR [0-9]+$/) { text = "#define RTB_MINOR " minor; found++ }
        if (how == "cut" && (i == last["host"] || i == last["backend"])) { found++; continue }
        print text
        if (how == "grow" && i == last["host"]) { print "  uint64_t (*later)(const rtb_host *host);"; found++ }
        if (how == "grow" && i == last["backend"]) { print "  int32_t (*later)(void *dev);"; found++ }
        if (how == "grow" && i == last["kernel"]) { print "  uint64_t later;"; found++ }
      }
      want = how == "cut" ? 4 : how == "grow" ? 5 : 2
      if (found != want) {
        printf "make_headers: %d of %d places found in backend.h\n", found, want > "/dev/stderr"
        exit 1
      }
    }' "$include/trivet/backend.h" > "$out/$1/trivet/backend.h"
}
make old 4 cut
make now 5 keep
make new 6 grow
