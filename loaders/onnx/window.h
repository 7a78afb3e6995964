// SPDX-License-Identifier: BSD-3-Clause
// The window of an ONNX convolution, for the operations of ops_window.c and ops_quant.c. Private to loaders/onnx.
#ifndef TRIVET_ONNX_WINDOW_H
#define TRIVET_ONNX_WINDOW_H

#include "ops.h"

/// From the attributes of a node (auto_pad, dilations, group, kernel_shape, pads, strides), x and weight. The first failure stays in call->status.
rt_window rti_onnx_conv_window(rti_onnx_call *call, const rt_tensor *x, const rt_tensor *weight);

#endif
