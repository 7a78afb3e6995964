// SPDX-License-Identifier: BSD-3-Clause
// The vector layer of cpu_simd on every instruction set that this machine runs: each function of vec.h against plain C, halves over all their
// values, loads and stores of parts of a vector beside forbidden pages. What is skipped here runs elsewhere: docs/instruction-sets.md.
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <trivet/rt.h>

#include "../../backends/cpu_ref/small_float.h"
#include "probe.h"

#define MAX_LANES 16
#define SPECIALS 80 // at least as many as `special` has, of both signs
#define SPECIAL_BLOCKS (SPECIALS * SPECIALS / MAX_LANES)
#define N_BLOCKS (SPECIAL_BLOCKS + 4000)

static uint64_t next_random(uint64_t *seed) { // splitmix64
  uint64_t z = *seed += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

#define NUM_BITS 32
#include "check.h"
#undef NUM_BITS
#define NUM_BITS 64
#include "check.h"
#undef NUM_BITS

// ---- tables of the instruction sets that were built -----------------------------------------------------------------------------------------
#define TABLES(isa)                                                                                                    \
  extern const vec_table vec_table_f16_##isa, vec_table_bf16_##isa, vec_table_f32_##isa, vec_table_f64_##isa;          \
  static const vec_table *const tables_##isa[] = {&vec_table_f16_##isa, &vec_table_bf16_##isa, &vec_table_f32_##isa, &vec_table_f64_##isa, NULL};
#define NO_TABLES(isa) static const vec_table *const tables_##isa[] = {NULL};
TABLES(scalar)
#ifdef SIMD_HAS_avx2
TABLES(avx2)
#else
NO_TABLES(avx2)
#endif
#ifdef SIMD_HAS_avx512
TABLES(avx512)
#else
NO_TABLES(avx512)
#endif
#ifdef SIMD_HAS_neon
TABLES(neon)
#else
NO_TABLES(neon)
#endif

static const struct instruction_set { const char *name; const vec_table *const *tables; } instruction_sets[] = {
  {"scalar", tables_scalar}, {"avx2", tables_avx2}, {"avx512", tables_avx512}, {"neon", tables_neon},
};

/// The tables of an instruction set; skips the test with a sentence where the backend says that this machine cannot run it.
static const vec_table *const *tables_of(const char *isa) {
  setenv("RT_CPU_SIMD_ISA", isa, 1);
  const rt_ctx_options options = {.size = sizeof options, .backends = "cpu_simd"};
  rt_ctx *ctx = NULL;
  const rt_status status = rt_ctx_create(&options, &ctx);
  if (status == RT_E_UNSUPPORTED) {
    print_message("%s\n", rt_last_error());
    skip();
  }
  assert_int_equal(status, RT_OK);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
  for (size_t i = 0; i < sizeof instruction_sets / sizeof *instruction_sets; i++)
    if (strcmp(instruction_sets[i].name, isa) == 0) return instruction_sets[i].tables;
  return NULL;
}

// ---- tests ----------------------------------------------------------------------------------------------------------------------------------
static void every_function(void **state) {
  int n_wrong = 0;
  const vec_table *const *table = tables_of(*state);
  assert_non_null(*table);
  for (; *table; table++) n_wrong += (*table)->num_bytes == 8 ? run_probes_64(*table) : run_probes_32(*table);
  assert_int_equal(n_wrong, 0);
}

static bool is_half_nan(uint16_t h, int mantissa) { return (h & 0x7fff) > 0x7fff >> mantissa << mantissa; }

/// Is x in the middle between two of them?
static bool is_halfway(float x, int mantissa) {
  return ref_narrow((double)nextafterf(x, INFINITY), mantissa) != ref_narrow((double)nextafterf(x, -INFINITY), mantissa);
}

static void every_half(void **state) {
  const bool is_emulated = getenv("TRIVET_EMULATOR") != NULL; // Bochs 2.7 rounds halfway cases of binary16 up (with AVX2, too, where processors do not)
  int n_wrong = 0;
  for (const vec_table *const *at = tables_of(*state); *at; at++) {
    const vec_table *table = *at;
    if (table->lane_bytes != 2) continue;
    const int mantissa = strcmp(table->lane, "f16") == 0 ? 10 : 7, lanes = table->lanes;
    for (uint32_t first = 0; first < 0x10000; first += (uint32_t)lanes) {
      uint16_t halves[MAX_LANES + 1], got[MAX_LANES];
      float wide[MAX_LANES], asked[MAX_LANES];
      for (int i = 0; i < lanes; i++) halves[i + 1] = (uint16_t)(first + (uint32_t)i);
      table->load(halves + 1, wide);
      for (int i = 0; i < lanes; i++) {
        const float want = (float)ref_widen(halves[i + 1], mantissa);
        if (!same_32(bits_of_32(wide[i]), want) && n_wrong++ < 20) print_error("%s %s: %04x became %a, not %a\n", table->isa, table->lane, halves[i + 1], (double)wide[i], (double)want);
      }
      // Back from it, from halfway to the next magnitude, from either side of that, and from any float with these upper bits.
      for (int way = 0; way < 6; way++) {
        for (int i = 0; i < lanes; i++) {
          const int32_t here = bits_of_32((float)ref_widen(halves[i + 1], mantissa)), next = bits_of_32((float)ref_widen((uint16_t)(halves[i + 1] + 1), mantissa));
          uint64_t seed = first * 16u + (uint32_t)i;
          const int32_t halfway = (int32_t)(here + ((int64_t)next - here) / 2); // in 64 bits: the last half is followed by 0
          const int32_t bits[6] = {here, halfway, halfway - 1, halfway + 1, (int32_t)((uint32_t)halves[i + 1] << 16 | (next_random(&seed) & 0xffff)),
                                   (int32_t)next_random(&seed)};
          asked[i] = from_bits_32(bits[way]);
        }
        table->store(asked, got);
        for (int i = 0; i < lanes; i++) {
          const uint16_t want = ref_narrow((double)asked[i], mantissa);
          const bool right = asked[i] != asked[i] ? is_half_nan(got[i], mantissa) : got[i] == want;
          if (!right && is_emulated && mantissa == 10 && is_halfway(asked[i], mantissa)) continue;
          if (!right && n_wrong++ < 20) print_error("%s %s: %a became %04x, not %04x\n", table->isa, table->lane, (double)asked[i], got[i], want);
        }
      }
    }
  }
  assert_int_equal(n_wrong, 0);
}

/// A page between two that must not be touched.
static uint8_t *guarded_page(size_t *out_bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *all = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED || mprotect(all + page, page, PROT_READ | PROT_WRITE) != 0) fail();
  *out_bytes = page;
  return all + page;
}

/// Are all bytes of the page but those of [from, from + bytes) as memset left them?
static bool is_untouched(const uint8_t *page, size_t page_bytes, const uint8_t *from, size_t bytes) {
  for (const uint8_t *p = page; p < page + page_bytes; p++)
    if (*p != 0xa5 && !(p >= from && p < from + bytes)) return false;
  return true;
}

static void parts_of_vectors(void **state) {
  size_t page_bytes;
  uint8_t *page = guarded_page(&page_bytes);
  for (const vec_table *const *at = tables_of(*state); *at; at++) {
    const vec_table *table = *at;
    const size_t lane = (size_t)table->lane_bytes;
    for (size_t n = 1; n <= (size_t)table->lanes; n++) {
      for (int end = 0; end < 2; end++) {
        // n lanes that are a vector's first: from memory ...
        _Alignas(64) uint8_t memory[MAX_LANES * 8], nums[MAX_LANES * 8], whole[MAX_LANES * 8], back[MAX_LANES * 8];
        for (size_t i = 0; i < sizeof memory; i++) memory[i] = (uint8_t)(1 + i * 37 % 61); // small numbers in any lane, none of them NaN
        uint8_t *place = end ? page + page_bytes - n * lane : page;
        memset(page, 0xa5, page_bytes);
        memcpy(place, memory, n * lane);
        memset(nums, 0xff, sizeof nums);
        table->load_n(place, nums, (int64_t)n);
        memset(memory + n * lane, 0, sizeof memory - n * lane);
        table->load(memory, whole); // the lanes that were not asked for are 0
        assert_memory_equal(nums, whole, (size_t)table->lanes * (size_t)table->num_bytes);
        // ... and to it.
        memset(place, 0xa5, n * lane);
        table->store_n(nums, place, (int64_t)n);
        table->store(nums, back);
        assert_memory_equal(place, back, n * lane);
        assert_true(is_untouched(page, page_bytes, place, n * lane));
        // Truth values: a byte each.
        place = end ? page + page_bytes - n : page;
        memset(page, 0xa5, page_bytes);
        memset(back, 0, sizeof back);
        table->store_mask_n(back, nums, place, (int64_t)n); // is 0 below each number?
        for (size_t i = 0; i < n; i++) assert_int_equal(place[i], 1);
        assert_true(is_untouched(page, page_bytes, place, n));
        table->store_mask_n(nums, back, place, (int64_t)n);
        for (size_t i = 0; i < n; i++) assert_int_equal(place[i], 0);
      }
    }
  }
  munmap(page - page_bytes, 3 * page_bytes);
}

/// Every second element, of no more memory than up to the last of them.
static void elements_with_gaps(void **state) {
  size_t page_bytes;
  uint8_t *page = guarded_page(&page_bytes);
  for (const vec_table *const *at = tables_of(*state); *at; at++) {
    const vec_table *table = *at;
    if (!table->load_even) continue;
    const size_t lane = (size_t)table->lane_bytes, n = (size_t)table->lanes, bytes = (2 * n - 1) * lane;
    for (int end = 0; end < 2; end++) {
      _Alignas(64) uint8_t dense[MAX_LANES * 8], wanted[MAX_LANES * 8], nums[MAX_LANES * 8];
      uint8_t *place = end ? page + page_bytes - bytes : page;
      for (size_t i = 0; i < bytes; i++) place[i] = (uint8_t)(1 + i * 37 % 61);
      for (size_t i = 0; i < n; i++) memcpy(dense + i * lane, place + 2 * i * lane, lane);
      table->load(dense, wanted);
      table->load_even(place, nums);
      assert_memory_equal(nums, wanted, n * (size_t)table->num_bytes);
    }
  }
  munmap(page - page_bytes, 3 * page_bytes);
}

#define TESTS(isa)                                                                              \
  {#isa "_every_function", every_function, NULL, NULL, (void *)(uintptr_t)#isa},                                   \
  {#isa "_every_half", every_half, NULL, NULL, (void *)(uintptr_t)#isa},                                           \
  {#isa "_parts_of_vectors", parts_of_vectors, NULL, NULL, (void *)(uintptr_t)#isa},                               \
  {#isa "_elements_with_gaps", elements_with_gaps, NULL, NULL, (void *)(uintptr_t)#isa}

int main(void) {
  const struct CMUnitTest tests[] = {TESTS(scalar), TESTS(avx2), TESTS(avx512), TESTS(neon)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
