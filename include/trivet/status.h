// SPDX-License-Identifier: BSD-3-Clause
// Status codes and the sentence that goes with the last failure.
#ifndef TRIVET_STATUS_H
#define TRIVET_STATUS_H

#include <trivet/config.h>

RT_BEGIN

/// What kind of failure. Numbers are part of the binary interface: appended, never changed.
typedef enum rt_status {
  RT_OK = 0,
  RT_E_ARGUMENT = 1,      ///< an argument is NULL, out of range or contradicts another
  RT_E_SHAPE = 2,         ///< shapes do not fit the operation or each other
  RT_E_DTYPE = 3,         ///< the operation is not defined for this dtype, or promotion has no answer
  RT_E_INDEX = 4,         ///< an index value inside a tensor is out of range
  RT_E_NO_MEMORY = 5,     ///< the allocator or the context's limit said no; every object involved stays usable
  RT_E_UNSUPPORTED = 6,   ///< nothing that may run here can do it
  RT_E_NOT_FOUND = 7,     ///< no such backend, device, file or name
  RT_E_STATE = 8,         ///< not allowed now (unmap without map, two contexts mixed ...)
  RT_E_BUSY = 9,          ///< something still lives or is in use
  RT_E_IO = 10,           ///< the operating system refused to read or write
  RT_E_FORMAT = 11,       ///< a file or a foreign struct is malformed
  RT_E_BACKEND = 12,      ///< a backend reported that an operation failed
  RT_E_DEVICE_LOST = 13,  ///< a device is gone; host copies that are current stay readable
  RT_E_CANCELLED = 14,    ///< rt_ctx_cancel was called
  RT_E_TIMEOUT = 15,
  RT_E_FORKED = 16,       ///< a device does not survive fork; open a new context in the child
  RT_E_INTERNAL = 17      ///< a promise of ours is broken; please report it
} rt_status;

/// The name of a code, such as "RT_E_SHAPE"; "RT_E_?" for an unknown number. Never NULL.
RT_API const char *rt_status_name(int status);

/// One sentence about the last failure on this thread, naming the operation and the values involved; "" when there was none.
/// Owner    the library; valid until the next call on this thread that fails
/// Threads  each thread has its own
RT_API const char *rt_last_error(void);

/// For libraries on top of this one: makes `text` the sentence of this thread (cut at 511 bytes) and returns status.
RT_API rt_status rt_error_set(rt_status status, const char *text);

RT_END
#endif
