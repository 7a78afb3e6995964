#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# labels: release
# What the shipped libraries import and export, read with nm:
#   - nothing that ends the process, prints, or touches signals, in any library or plugin;
#   - a library exports rt_* and nothing else, a plugin exactly its one entry and imports nothing of ours;
#   - libtrivet needs libc and libm, nothing else.
# fesetenv is allowed: it puts back what a plugin or a thread pool changed.
# The hardened build adds __stack_chk_fail and __*_chk, which stop a process whose memory is already overwritten; they are allowed by name.
set -eu
command -v nm >/dev/null || { echo "no nm (apt install binutils)"; exit 77; }

forbidden='abort exit _exit _Exit quick_exit at_quick_exit atexit on_exit __assert_fail __assert __assert_perror_fail raise kill pthread_kill
signal sigaction sigprocmask sigset bsd_signal __sysv_signal sigaltstack alarm setitimer
printf fprintf vprintf vfprintf dprintf vdprintf puts fputs putchar putc fputc _IO_putc putchar_unlocked perror psignal error warn warnx err errx
__printf_chk __fprintf_chk __vprintf_chk __vfprintf_chk __dprintf_chk stdout stderr syslog __syslog_chk
longjmp siglongjmp __longjmp_chk setjmp _setjmp system popen execv execve execvp posix_spawn fork vfork
fesetround fesetexceptflag feenableexcept setlocale putenv setenv unsetenv'
n=0
bad=0

complain() { echo "$1"; bad=$((bad + 1)); }

check_imports() { # check_imports FILE: by name, the version after @ cut off
  imports=$(nm -D --undefined-only "$1" | awk '{ sub(/@.*/, "", $NF); print $NF }')
  for symbol in $imports; do
    for word in $forbidden; do
      [ "$symbol" != "$word" ] || complain "$(basename "$1") imports $symbol"
    done
  done
  n=$((n + 1))
}

exports_of() { nm -D --defined-only "$1" | awk '{ sub(/@.*/, "", $NF); print $NF }'; }

for library in "$TRIVET_BUILD_DIR"/lib/libtrivet*.so; do
  check_imports "$library"
  for symbol in $(exports_of "$library"); do
    case $symbol in
      rt_backend_entry_*|rt_layer_entry_*) complain "$(basename "$library") exports $symbol";;
      rt_*) ;;
      *) complain "$(basename "$library") exports $symbol";;
    esac
  done
done

for plugin in "$TRIVET_BUILD_DIR"/lib/trivet/*-0/*.so "$TRIVET_BUILD_DIR"/examples/*.so "$TRIVET_BUILD_DIR"/template/*.so; do
  [ -f "$plugin" ] || continue
  check_imports "$plugin"
  case $plugin in */layers-0/*) entry=rt_layer_entry_v0;; *) entry=rt_backend_entry_v0;; esac
  exports=$(exports_of "$plugin" | tr '\n' ' ')
  [ "$exports" = "$entry " ] || complain "$(basename "$plugin") exports: $exports"
  for symbol in $(nm -D --undefined-only "$plugin" | awk '{ print $NF }'); do
    case $symbol in rt_*|rti_*|rtb_*) complain "$(basename "$plugin") imports $symbol";; esac
  done
  if readelf -d "$plugin" | grep -q 'NEEDED.*libtrivet'; then complain "$(basename "$plugin") is linked against libtrivet"; fi
done

needed=$(readelf -d "$TRIVET_BUILD_DIR/lib/libtrivet.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -Ev '^(libc|libm|libpthread|libdl|ld-linux.*)\.so' || true)
[ -z "$needed" ] || complain "libtrivet.so needs $needed"

# The gate itself must work: a library that calls abort and prints is caught.
canary=$(mktemp -d)
trap 'rm -rf "$canary"' EXIT
printf '#include <stdio.h>\n#include <stdlib.h>\nvoid f(int x) { if (x) abort(); printf("%%d\\n", x); }\n' >"$canary/bad.c"
${CC:-cc} -shared -fPIC "$canary/bad.c" -o "$canary/bad.so"
before=$bad
check_imports "$canary/bad.so" >/dev/null
if [ "$bad" -lt $((before + 2)) ]; then echo "the gate is blind: it accepts a library that calls abort and printf"; exit 1; fi
bad=$before

# How large the shipped library is, stripped.
strip -o "$canary/stripped.so" "$TRIVET_BUILD_DIR/lib/libtrivet.so"
bytes=$(wc -c <"$canary/stripped.so")
echo "libtrivet with the reference: $bytes bytes stripped"
[ "$bytes" -le 1500000 ] || complain "libtrivet.so has $bytes bytes stripped, more than 1.5 MB"
echo "$n files, $bad complaints"
[ "$bad" = 0 ]
