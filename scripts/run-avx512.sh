#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs a program of a build folder on a processor with AVX-512: this one if it has that, else the one that Bochs emulates, under Debian's kernel.
# It is real machine code on either, so it proves what a machine without AVX-512 cannot. The exit status is the program's.
#   scripts/run-avx512.sh BUILD_DIR PROGRAM [ARGUMENT ...]      PROGRAM lies below BUILD_DIR; RT_* variables are passed on
#   scripts/run-avx512.sh BUILD_DIR                             the tests of the vector layer and a sample of the conformance grid, side by side
# Needs: apt install bochs isolinux syslinux-common xorriso busybox-static cpio; the kernel is downloaded with apt and kept in BUILD_DIR/avx512.
set -eu
if [ $# -lt 1 ] || [ ! -d "$1" ]; then
  sed -n 's/^#   /usage: /p' "$0" >&2
  exit 2
fi
here=$(realpath "$0")
build=$(cd "$1" && pwd)
shift
cd "$build"

# ---- both proofs ----
if [ $# -eq 0 ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  "$here" "$build" tests/vec_vec >"$work/vec" 2>&1 &
  first=$!
  "$here" "$build" tests/api_conformance_simd avx512 sample >"$work/grid" 2>&1 &
  passed=0 failed=0 skipped=0
  for job in $first $!; do
    status=0
    wait "$job" || status=$?
    case $status in 0) passed=$((passed + 1));; 77) skipped=$((skipped + 1));; *) failed=$((failed + 1));; esac
  done
  cat "$work/vec" "$work/grid"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
  exit
fi

program=$(realpath "$1")
shift
[ -x "$program" ] || { echo "run-avx512: there is no program $program" >&2; exit 2; }
if grep -q -m 1 'avx512dq.*avx512bw.*avx512vl' /proc/cpuinfo && [ -z "${AVX512_EMULATED:-}" ]; then
  exec "$program" "$@"
fi

for tool in bochs xorriso cpio ldd apt-get dpkg-deb; do
  command -v $tool >/dev/null || missing="${missing:-} $tool"
done
for file in /bin/busybox /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 /usr/share/bochs/BIOS-bochs-latest; do
  [ -e $file ] || missing="${missing:-} $file"
done
if [ -n "${missing:-}" ]; then
  echo "run-avx512: this CPU has no AVX-512 and the emulator lacks:$missing (scripts/setup-debian.sh --emulators installs it)" >&2
  exit 77
fi

# ---- the kernel, once ----
kernel=$build/avx512/vmlinuz
if [ ! -f "$kernel" ]; then
  fetched=$(mktemp -d)
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  if ! (cd "$fetched" && chmod 755 . && apt-get download -q "$package" >&2 && dpkg-deb --fsys-tarfile ./*.deb | tar -x --wildcards './boot/vmlinuz*'); then
    rm -rf "$fetched"
    echo "run-avx512: apt cannot download the kernel of linux-image-cloud-amd64" >&2
    exit 77
  fi
  mkdir -p "$build/avx512"
  mv "$fetched"/boot/vmlinuz* "$kernel.$$" && mv "$kernel.$$" "$kernel"
  rm -rf "$fetched"
fi

# ---- the first file system: the program, the libraries it is linked with and our plugins, each at its own path ----
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/dev" "$work/root/proc" "$work/root/tmp" "$work/disk"
cp /bin/busybox "$work/root/bin/busybox"
ln -s busybox "$work/root/bin/sh"
libm=$build/tests/emulated_libm.so # tests/emulated/libm.c
[ -e "$libm" ] || libm=""
{
  echo "$program"
  find "$build/lib/trivet" -name '*.so' 2>/dev/null || true
  [ -z "$libm" ] || echo "$libm"
  # shellcheck disable=SC2086
  ldd "$program" $libm | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p'
} | while read -r file; do
  mkdir -p "$work/root$(dirname "$file")"
  cp -L "$file" "$work/root$file"
  strip --strip-debug "$work/root$file" 2>/dev/null || true
done
quoted=""
for word in "$program" "$@"; do quoted="$quoted '$(printf '%s' "$word" | sed "s/'/'\\\\''/g")'"; done
{
  echo '#!/bin/sh'
  env | sed -n "s/^\(RT_[A-Z0-9_]*\)=\(.*\)/export \1='\2'/p"
  echo "mkdir -p '$(dirname "$program")' '$build/tests' 2>/dev/null; cd '$(dirname "$program")'"
  echo "export TRIVET_EMULATOR=bochs; ${libm:+LD_PRELOAD='$libm'} $quoted; echo \"=== status \$?\""
} >"$work/root/run"
cat >"$work/root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
stty -F /dev/ttyS0 115200 -onlcr
(echo '=== begins'; sh /run) >/dev/ttyS0 2>&1
sleep 1 # until the last of it is out
poweroff -f
INIT
chmod +x "$work/root/init"
(cd "$work/root" && find . | cpio -o -H newc --quiet) >"$work/disk/initrd"

# ---- the machine ----
# Bochs reports the size of compacted XSAVE areas wrongly, at which Linux would switch AVX off: hence noxsaves and clearcpuid.
cp "$kernel" "$work/disk/vmlinuz"
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$work/disk"
cat >"$work/disk/isolinux.cfg" <<'BOOT'
DEFAULT run
LABEL run
 KERNEL vmlinuz
 APPEND initrd=initrd rdinit=/init console=ttyS0,115200 quiet loglevel=1 mitigations=off nokaslr noxsaves clearcpuid=xsavec,xsaves nopku cryptomgr.notests lpj=1000000 tsc=reliable no_timer_check panic=-1
BOOT
xorriso -as mkisofs -quiet -o "$work/disk.iso" -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$work/disk" 2>/dev/null
cat >"$work/machine" <<MACHINE
cpu: model=corei7_skylake_x, ips=50000000, reset_on_triple_fault=0
memory: guest=768, host=768
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
display_library: rfb, options="timeout=0"
ata0-master: type=cdrom, path=$work/disk.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$work/serial
log: $work/log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
MACHINE
echo c >"$work/continue" # Debian's Bochs starts in its debugger
echo "run-avx512: emulating $(basename "$program") $*" >&2
timeout "${AVX512_TIMEOUT:-900}" bochs -q -f "$work/machine" -rc "$work/continue" >"$work/console" 2>&1 </dev/null || true # powering off ends it with status 1
touch "$work/serial"
tr -d '\r' <"$work/serial" | sed -n '/^=== begins/,/^=== status/p' | sed '/^=== /d'
status=$(sed -n 's/^=== status \([0-9]*\).*/\1/p' "$work/serial")
if [ -z "$status" ]; then
  echo "run-avx512: the emulated machine stopped early:" >&2
  tail -n 20 "$work/serial" "$work/log" >&2
  exit 1
fi
exit "$status"
