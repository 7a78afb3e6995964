#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The part of `make demo` that reads text: draws a page, lets each backend that is found read it, and compares. Skips with a sentence when
# libpng was missing at build time or the models cannot be had.
#   examples/ocr/demo.sh BUILD_FOLDER
set -eu
build=$(cd "${1:?folder of the build}" && pwd) # relative folders are not searched for plugins
ocr=$build/bin/example_ocr
page=$build/page.png
text='A trivet is a stand\nfor hot pots.\nThis one holds tensors:\n2+3=5'

[ -x "$ocr" ] || { echo "ocr: SKIPPED, not built: apt install libpng-dev"; exit 0; }
"$(cd "$(dirname "$0")/../.." && pwd)/scripts/fetch-models.sh" || { echo "ocr: SKIPPED, there are no models"; exit 0; }
"$ocr" --draw "$text" "$page"
printf 'ocr: drew %s\n' "$page"
first=
for backend in cpu_ref toy; do
  if [ "$backend" = toy ] && [ ! -e "$build/examples/trivet_toy.so" ]; then continue; fi
  printf '\n%s reads\n' "$backend"
  read=$(RT_BACKEND=$backend RT_BACKEND_PATH=$build/examples "$ocr" --boxes "$page")
  printf '%s\n' "$read" | sed 's/^/  /'
  if [ -z "$first" ]; then first=$read; fi
  [ "$read" = "$first" ] || { echo "ocr: the backends read different things"; exit 1; }
done
[ "$(printf '%s\n' "$first" | sed 's/^.\{28\}//')" = "$(printf '%b' "$text")" ] || { echo "ocr: that is not what was drawn"; exit 1; }
printf '\nocr: every backend read what was drawn\n\n'
