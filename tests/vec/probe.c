// SPDX-License-Identifier: BSD-3-Clause
// The probes of one instruction set and lane: each row of probes.def as a function over arrays.
#include "../../backends/cpu_simd/vec/vec.h"

#include "probe.h"

// A shift that leaves integers a num holds exactly.
#define FROM_INT_SHIFT (NUM_BITS == 64 ? 13 : 8)
#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)

static const num looked_up[32] = {PROBE_ENTRIES};
static const inum looked_up_int[32] = {PROBE_ENTRIES};

V_INLINE vec whole(const void *p) {
  vec x;
  memcpy(&x, p, sizeof x);
  return x;
}

#define PUT_NUM(value) const vec v = value; memcpy(out, &v, sizeof v)
#define PUT_BITS PUT_NUM
#define PUT_EITHER PUT_NUM
#define PUT_TWICE PUT_NUM
#define PUT_MASK(value) v_store_mask(out, value)
#define PUT_INT(value) const ivec v = value; memcpy(out, &v, sizeof v)
#define PUT_TO_INT PUT_INT
#define PUT_ONE(value) *(num *)out = value
#define PUT_ANY(value) *(uint8_t *)out = value

#define PROBE(kind, name, vector, scalar)                                                 \
  static void probe_##name(const void *pa, const void *pb, const void *pc, void *out) {   \
    const vec a = whole(pa), b = whole(pb), c = whole(pc);                                \
    (void)a, (void)b, (void)c;                                                            \
    PUT_##kind(vector);                                                                   \
  }
#include "probes.def"
#undef PROBE

#define PROBE(kind, name, vector, scalar) probe_##name,
static const vec_probe probes[] = {
#include "probes.def"
};

static void load(const void *from, void *nums) {
  const vec x = v_load(from);
  memcpy(nums, &x, sizeof x);
}
static void load_n(const void *from, void *nums, int64_t n) {
  const vec x = v_load_n(from, n);
  memcpy(nums, &x, sizeof x);
}
#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
static void load_even(const void *from, void *nums) {
  const vec x = v_load_even(from);
  memcpy(nums, &x, sizeof x);
}
#else
#define load_even NULL
#endif
static void store(const void *nums, void *to) { v_store(to, whole(nums)); }
static void store_n(const void *nums, void *to, int64_t n) { v_store_n(to, whole(nums), n); }
static void store_mask_n(const void *a, const void *b, void *to, int64_t n) { v_store_mask_n(to, v_lt(whole(a), whole(b)), n); }

#define TABLE V_PASTE(V_PASTE(vec_table_, V_PASTE(SIMD_LANE, _)), SIMD_ISA)
extern const vec_table TABLE;
const vec_table TABLE = {TEXT(SIMD_ISA), TEXT(SIMD_LANE), V_LANES, sizeof(num), sizeof(lane), probes, load, load_n, load_even, store, store_n, store_mask_n};
