// SPDX-License-Identifier: BSD-3-Clause
// One row for each element type that GGUF files hold. Types that are not read have a row too, so that a file which holds some can be listed and
// its other tensors read. Every value of a decoded block is the product of a half and a small integer, which f32 holds exactly.
#include "types.h"

// The value of the bits of an IEEE binary16.
static float half_at(const uint8_t *at) {
  const uint32_t bits = rti_le16(at), exponent = bits >> 10 & 31, fraction = bits & 1023;
  union { uint32_t bits; float f; } value;
  if (exponent == 0) value.f = (float)fraction * 0x1p-24f; // zero and subnormals: exact
  else value.bits = (exponent == 31 ? 0xffu : exponent + 112) << 23 | fraction << 13;
  value.bits |= (bits & 0x8000) << 16;
  return value.f;
}

// 32 elements: a scale, then 16 bytes; the low halves are the first 16 elements, the high halves the others, 8 standing for 0.
static void decode_q4_0(const uint8_t *block, uint64_t n, float *out) {
  for (uint64_t i = 0; i < n; i++, block += 18, out += 32) {
    const float scale = half_at(block);
    for (int k = 0; k < 16; k++) {
      out[k] = (float)((block[2 + k] & 15) - 8) * scale;
      out[k + 16] = (float)((block[2 + k] >> 4) - 8) * scale;
    }
  }
}

// 32 elements: a scale, then 32 signed bytes.
static void decode_q8_0(const uint8_t *block, uint64_t n, float *out) {
  for (uint64_t i = 0; i < n; i++, block += 34, out += 32) {
    const float scale = half_at(block);
    for (int k = 0; k < 32; k++) out[k] = (float)(int8_t)block[2 + k] * scale;
  }
}

static const rti_gguf_type types[] = {
    // id, name, elements and bytes of a block, dtype that is read, decoder
    {0, "F32", 1, 4, RT_F32, NULL},
    {1, "F16", 1, 2, RT_F16, NULL},
    {2, "Q4_0", 32, 18, RT_F32, decode_q4_0},
    {3, "Q4_1", 32, 20, RT_DTYPE_NONE, NULL},
    {6, "Q5_0", 32, 22, RT_DTYPE_NONE, NULL},
    {7, "Q5_1", 32, 24, RT_DTYPE_NONE, NULL},
    {8, "Q8_0", 32, 34, RT_F32, decode_q8_0},
    {10, "Q2_K", 256, 84, RT_DTYPE_NONE, NULL},
    {11, "Q3_K", 256, 110, RT_DTYPE_NONE, NULL},
    {12, "Q4_K", 256, 144, RT_DTYPE_NONE, NULL},
    {13, "Q5_K", 256, 176, RT_DTYPE_NONE, NULL},
    {14, "Q6_K", 256, 210, RT_DTYPE_NONE, NULL},
    {15, "Q8_K", 256, 292, RT_DTYPE_NONE, NULL},
    {16, "IQ2_XXS", 256, 66, RT_DTYPE_NONE, NULL},
    {17, "IQ2_XS", 256, 74, RT_DTYPE_NONE, NULL},
    {18, "IQ3_XXS", 256, 98, RT_DTYPE_NONE, NULL},
    {19, "IQ1_S", 256, 50, RT_DTYPE_NONE, NULL},
    {20, "IQ4_NL", 32, 18, RT_DTYPE_NONE, NULL},
    {21, "IQ3_S", 256, 110, RT_DTYPE_NONE, NULL},
    {22, "IQ2_S", 256, 82, RT_DTYPE_NONE, NULL},
    {23, "IQ4_XS", 256, 136, RT_DTYPE_NONE, NULL},
    {24, "I8", 1, 1, RT_I8, NULL},
    {25, "I16", 1, 2, RT_I16, NULL},
    {26, "I32", 1, 4, RT_I32, NULL},
    {27, "I64", 1, 8, RT_I64, NULL},
    {28, "F64", 1, 8, RT_F64, NULL},
    {29, "IQ1_M", 256, 56, RT_DTYPE_NONE, NULL},
    {30, "BF16", 1, 2, RT_BF16, NULL},
    {34, "TQ1_0", 256, 54, RT_DTYPE_NONE, NULL},
    {35, "TQ2_0", 256, 66, RT_DTYPE_NONE, NULL},
    {39, "MXFP4", 32, 17, RT_DTYPE_NONE, NULL},
};

const rti_gguf_type *rti_gguf_type_of(uint32_t id) {
  for (size_t i = 0; i < RTI_IO_COUNT(types); i++)
    if (types[i].id == id) return &types[i];
  return NULL;
}
