// The async_read extension of the backend of `url`.
#pragma once

#include "coldload/ext/async_read.h"

namespace coldload::nfs {

class Pool;

// Of the component behind the pointer that the host knows it by; it was made from a `url`.
[[nodiscard]] Pool& pool_of(void* backend);

extern const coldload_async_read_ops kAsyncReadOps;

}  // namespace coldload::nfs
