#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# trivet backends on plugins whose code is hostile: each is compiled here, and each must become a line that says what it did, in time.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib.sh"
compiler=${CC:-cc}
if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "skipped: no C compiler to make hostile plugins with"
  exit 77
fi
mkdir quick slow
folder=quick

# plugin NAME: reads C from stdin. The libraries are plain C: a sanitizer of the tool's build must not be needed to load them.
plugin() {
  cat >"$1.c"
  "$compiler" -w -shared -fPIC -o "$folder/trivet_$1.so" "$1.c" || exit 1
}
entry='const void *rt_backend_entry_v0(const void *host) { (void)host; return 0; }'
plugin exits <<E
#include <stdlib.h>
$entry
__attribute__((constructor)) static void start(void) { exit(0); }
E
plugin exits3 <<E
#include <unistd.h>
$entry
__attribute__((constructor)) static void start(void) { _exit(3); }
E
plugin crashes <<E
#include <signal.h>
#include <stdio.h>
$entry
__attribute__((constructor)) static void start(void) { printf("about to crash\n"); fflush(stdout); signal(SIGSEGV, SIG_DFL); raise(SIGSEGV); }
E
plugin aborts_in_entry <<E
#include <stdlib.h>
const void *rt_backend_entry_v0(const void *host) { (void)host; abort(); }
E
plugin leaves_child <<E
#include <unistd.h>
$entry
__attribute__((constructor)) static void start(void) { if (fork() == 0) for (;;) pause(); }
E
plugin forges <<E
#include <stdlib.h>
#include <stdio.h>
$entry
__attribute__((constructor)) static void start(void) { printf("B\037forged\0379\n.\n"); fflush(stdout); _Exit(0); }
E
plugin closes <<E
#include <unistd.h>
$entry
__attribute__((constructor)) static void start(void) { for (int fd = 0; fd < 64; fd++) close(fd); }
E
plugin refuses <<E
$entry
E
plugin no_entry <<E
int something_else;
E
plugin short_table <<E
static const unsigned table[2] = {8, 0};
const void *rt_backend_entry_v0(const void *host) { (void)host; return table; }
E
plugin wild_table <<E
const void *rt_backend_entry_v0(const void *host) { (void)host; return (const void *)16; }
E
plugin dies_at_exit <<E
#include <stdlib.h>
$entry
__attribute__((destructor)) static void end(void) { abort(); }
E
folder=slow # these take the limit of two seconds each time they are probed
plugin hangs <<E
#include <unistd.h>
$entry
__attribute__((constructor)) static void start(void) { for (;;) pause(); }
E
plugin stubborn <<E
#include <signal.h>
#include <unistd.h>
$entry
__attribute__((constructor)) static void start(void) { signal(SIGTERM, SIG_IGN); setsid(); for (;;) pause(); }
E
plugin spams <<E
#include <unistd.h>
$entry
__attribute__((constructor)) static void start(void) { for (;;) write(1, "spam spam spam spam spam spam spam spam\n", 40); }
E

export RT_BACKEND_PATH="$work/quick:$work/slow"
start=$(date +%s)
run backends; ok
took=$(($(date +%s) - start))
cp out all
# describes NAME WORDS: the line below the table that says why this plugin was refused has these words
describes() {
  n_checks=$((n_checks + 1))
  if ! grep -A 1 "/trivet_$1.so\$" all | grep -F "refused: " | grep -qF -- "$2"; then bad "$1 should be refused with '$2'"; fi
}
describes exits "ended the process with exit code 0"
describes exits3 "ended the process with exit code 3"
describes crashes "crashed with signal 11"
describes aborts_in_entry "crashed with signal 6"
describes hangs "did not return within 2 s"
describes stubborn "did not return within 2 s"
describes spams "did not return within 2 s"
describes forges "ended the process with exit code 0"
describes no_entry "rt_backend_entry_v0"
describes refuses ""
describes short_table ""
describes dies_at_exit "crashed with signal 6"
grep -q 'it printed: about to crash' all || bad "does not show what the crashing plugin printed"
grep -q '/trivet_closes.so' all || bad "a plugin that closes the answer's descriptor is missing"
n_checks=$((n_checks + 1))
[ "$took" -lt 60 ] || bad "took $took seconds" # 6 are needed; the machine may be busy

export RT_BACKEND_PATH="$work/quick"
run backends --json; ok; json; says '"state": "refused"' "signal 11"
for name in exits crashes aborts_in_entry no_entry; do
  run backends "quick/trivet_$name.so"
  [ "$code" -eq 1 ] || bad "should have failed with exit code 1"
done
# Naming one in RT_BACKEND trusts it with a process; the list is still made in others.
RT_BACKEND=crashes run backends; fails 1 "signal 11"; says "cpu_ref"
mkdir hanging
cp slow/trivet_hangs.so hanging
RT_BACKEND_PATH="$work/hanging" RT_BACKEND=hangs run backends; fails 1 "2 s"; says "cpu_ref"

# Nothing that was started is left behind.
n_checks=$((n_checks + 1))
if [ -r /proc/self/cmdline ]; then
  left=0
  for pid in /proc/[0-9]*; do
    if { tr '\0' ' ' <"$pid/cmdline"; } 2>/dev/null | grep -qF "__probe $work/"; then left=$((left + 1)); fi
  done
  [ $left -eq 0 ] || bad "$left processes are left behind"
fi
finish
