// SPDX-License-Identifier: BSD-3-Clause
// Version of the library, export macro and the few compiler attributes that public headers use.
#ifndef TRIVET_CONFIG_H
#define TRIVET_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RT_VERSION_MAJOR 0
#define RT_VERSION_MINOR 1
#define RT_VERSION_PATCH 0
#define RT_VERSION "0.1.0"

#if defined(RT_STATIC)
#define RT_API
#elif defined(__GNUC__)
#define RT_API __attribute__((visibility("default")))
#else
#define RT_API
#endif

#if defined(__GNUC__)
#define RT_NODISCARD __attribute__((warn_unused_result))
#else
#define RT_NODISCARD
#endif

#ifdef __cplusplus
#define RT_BEGIN extern "C" {
#define RT_END }
#else
#define RT_BEGIN
#define RT_END
#endif

RT_BEGIN
/// The version of the library that is running, as text: "0.1.0". Never NULL.
RT_API const char *rt_version(void);
RT_END

#endif
