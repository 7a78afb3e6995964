#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Installs what building, testing and the demo need on Debian 12: the one list of packages. Installs only what is missing.
#   scripts/setup-debian.sh           install (with sudo when not root)
#   scripts/setup-debian.sh --check   only report; exit 1 when a package that the build needs is missing
#   scripts/setup-debian.sh --emulators   also what runs instruction sets that this machine lacks: 64-bit Arm (preset neon) and AVX-512
set -eu

needed="build-essential cmake ninja-build"
# Without these something is skipped, and the configure summary says what.
useful="g++ pkg-config libcmocka-dev zlib1g-dev libpng-dev python3-pip python3-venv libmpfr-dev dataset-fashion-mnist libonnx-testdata clang libclang-rt-14-dev valgrind binutils man-db"

if [ "${1:-}" = --emulators ]; then
  useful="$useful gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user libcmocka-dev:arm64 zlib1g-dev:arm64"
  useful="$useful bochs isolinux syslinux-common xorriso busybox-static cpio"
fi

is_installed() { dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed$'; }

missing_of() {
  for package in $1; do
    is_installed "$package" || printf '%s ' "$package"
  done
}

if ! command -v dpkg-query >/dev/null; then
  echo "setup: this is not Debian; the build needs a C11 compiler, CMake 3.25 and Ninja; useful beside them: $useful" >&2
  exit 0
fi

missing_needed=$(missing_of "$needed")
missing_useful=$(missing_of "$useful")
if [ -z "$missing_needed$missing_useful" ]; then
  echo "setup: everything is installed"
  exit 0
fi
if [ "${1:-}" = --check ]; then
  [ -z "$missing_needed" ] || echo "setup: MISSING, needed: $missing_needed"
  [ -z "$missing_useful" ] || echo "setup: missing, useful: $missing_useful"
  [ -z "$missing_needed" ]
  exit
fi

as_root=""
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null; then
    as_root="sudo"
  else
    echo "setup: run as root: apt-get install $missing_needed$missing_useful" >&2
    [ -z "$missing_needed" ]
    exit
  fi
fi

install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null
}

case $missing_useful in
  *:arm64*) $as_root dpkg --add-architecture arm64;; # packages of that architecture beside those of this one
esac
echo "setup: installing $missing_needed$missing_useful"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null || echo "setup: apt-get update failed; going on with the lists there are" >&2
# shellcheck disable=SC2086
if ! install $missing_needed $missing_useful; then # one package may be unknown here: try each alone
  for package in $missing_needed $missing_useful; do
    install "$package" || echo "setup: could not install $package" >&2
  done
fi
missing_needed=$(missing_of "$needed")
if [ -n "$missing_needed" ]; then
  echo "setup: still missing: $missing_needed" >&2
  exit 1
fi
