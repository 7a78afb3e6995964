// SPDX-License-Identifier: BSD-3-Clause
// Trivet: everything a program that uses the runtime includes.
#ifndef TRIVET_RT_H
#define TRIVET_RT_H

#include <trivet/alloc.h>
#include <trivet/config.h>
#include <trivet/device.h>
#include <trivet/dlpack.h>
#include <trivet/dtype.h>
#include <trivet/ops.h>
#include <trivet/status.h>
#include <trivet/tensor.h>

#endif
