// The extension async_read: many range reads under way on one thread, over one set of connections.
#pragma once

#include "coldload/ext/async_read.h"

namespace coldload::s3 {

extern const coldload_async_read_ops kAsyncReadOps;

}  // namespace coldload::s3
