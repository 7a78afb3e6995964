#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Practises what 1.0 will promise: the core is compiled as if it were interface 1.5 and 1.6, the example plugin as if it were 1.4, 1.5 and 1.6
# (headers by make_headers.sh), and every pair must work; a plugin that needs 1.6 must be refused by 1.5 with a sentence, and so must a
# plugin of another major.
set -eu
source=$TRIVET_SOURCE_DIR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=${CC:-cc}
command -v "$cc" >/dev/null || { echo "no C compiler"; exit 77; }
sh "$source/tests/abi/make_headers.sh" "$source/include" "$work"

plugin() { # plugin OUT HEADERS [FLAGS]
  out=$1 headers=$2
  shift 2
  "$cc" -std=c11 -O0 -shared -fPIC -fvisibility=hidden -I"$work/$headers" "$@" -o "$out" "$source/examples/plugin/tiny.c"
}
for version in old now new; do plugin "$work/trivet_$version.so" $version -DRTB_MINOR_NEEDED=4; done
plugin "$work/trivet_needs6.so" new
"$cc" -std=c11 -O0 -shared -fPIC -fvisibility=hidden -I"$source/include" -o "$work/trivet_zero.so" "$source/examples/plugin/tiny.c"

bad=0 n=0
for host in now new; do
  # The other public headers stay as they are; only the interface is of another version.
  mkdir -p "$work/host_$host/trivet"
  cp "$source"/include/trivet/* "$work/host_$host/trivet/"
  cp "$work/$host"/trivet/* "$work/host_$host/trivet/"
  "$cc" -std=c11 -D_GNU_SOURCE -DRT_STATIC -DTRIVET_BUILTIN -O0 -ffp-contract=off -I"$work/host_$host" -o "$work/host_$host/host" \
    "$source/tests/abi/growth_host.c" "$source"/core/*.c "$source"/core/platform/*.c "$source"/backends/cpu_ref/*.c -lm -lpthread -ldl
  for plugin in old now new; do
    n=$((n + 1))
    if ! said=$("$work/host_$host/host" "$work/trivet_$plugin.so") || [ "$said" != "relu ran on tiny" ]; then
      echo "host $host with plugin $plugin: $said"
      bad=$((bad + 1))
    fi
  done
done
for pair in "now needs6 needs interface 1.6" "now zero has no function rt_backend_entry_v1"; do
  host=${pair%% *} rest=${pair#* }
  plugin=${rest%% *} sentence=${rest#* }
  n=$((n + 1))
  said=$("$work/host_$host/host" "$work/trivet_$plugin.so") && { echo "host $host took plugin $plugin"; bad=$((bad + 1)); }
  case $said in *"$sentence"*) ;; *) echo "host $host with plugin $plugin says: $said"; bad=$((bad + 1)) ;; esac
done
echo "$n pairs, $bad bad"
[ "$bad" = 0 ]
