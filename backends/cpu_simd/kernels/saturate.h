// SPDX-License-Identifier: BSD-3-Clause
// One float to an integer, as a cast does it: i8_of_f32 and so on.
#ifndef CPU_SIMD_SATURATE_H
#define CPU_SIMD_SATURATE_H

// Float to integer truncates, saturates and makes 0 of NaN. low and high are the numbers of the float next to the ends, inside; from `limit` on
// the integer's largest value is meant. Nothing out of range is ever converted, so that this may run on all lanes at once.
#define SATURATE(name, real, stored, middle, low, high, limit, most)                                     \
  V_INLINE stored name(real x) {                                                                         \
    const real number = x == x ? x : 0, above = number > (low) ? number : (low);                         \
    const stored inside = (stored)(middle)(above < (high) ? above : (high));                             \
    return number >= (limit) ? (most) : inside;                                                          \
  }
SATURATE(i8_of_f32, float, int8_t, int32_t, -128.0f, 127.0f, 128.0f, INT8_MAX)
SATURATE(i16_of_f32, float, int16_t, int32_t, -32768.0f, 32767.0f, 32768.0f, INT16_MAX)
SATURATE(i32_of_f32, float, int32_t, int32_t, -0x1p31f, 0x1.fffffep30f, 0x1p31f, INT32_MAX)
SATURATE(i64_of_f32, float, int64_t, int64_t, -0x1p63f, 0x1.fffffep62f, 0x1p63f, INT64_MAX)
SATURATE(u8_of_f32, float, uint8_t, int32_t, 0.0f, 255.0f, 256.0f, UINT8_MAX)
SATURATE(u16_of_f32, float, uint16_t, int32_t, 0.0f, 65535.0f, 65536.0f, UINT16_MAX)
SATURATE(u32_of_f32, float, uint32_t, int64_t, 0.0f, 0x1.fffffep31f, 0x1p32f, UINT32_MAX)
SATURATE(u64_of_f32, float, uint64_t, uint64_t, 0.0f, 0x1.fffffep63f, 0x1p64f, UINT64_MAX)
SATURATE(i8_of_f64, double, int8_t, int32_t, -128.0, 127.0, 128.0, INT8_MAX)
SATURATE(i16_of_f64, double, int16_t, int32_t, -32768.0, 32767.0, 32768.0, INT16_MAX)
SATURATE(i32_of_f64, double, int32_t, int32_t, -0x1p31, 0x1p31 - 1, 0x1p31, INT32_MAX)
SATURATE(i64_of_f64, double, int64_t, int64_t, -0x1p63, 0x1.fffffffffffffp62, 0x1p63, INT64_MAX)
SATURATE(u8_of_f64, double, uint8_t, int32_t, 0.0, 255.0, 256.0, UINT8_MAX)
SATURATE(u16_of_f64, double, uint16_t, int32_t, 0.0, 65535.0, 65536.0, UINT16_MAX)
SATURATE(u32_of_f64, double, uint32_t, int64_t, 0.0, 0x1p32 - 1, 0x1p32, UINT32_MAX)
SATURATE(u64_of_f64, double, uint64_t, uint64_t, 0.0, 0x1.fffffffffffffp63, 0x1p64, UINT64_MAX)

#endif
