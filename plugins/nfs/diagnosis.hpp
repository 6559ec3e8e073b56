// What a mount or a server does to a reader, for `coldload doctor`.
#pragma once

#include <cstdint>

#include "coldload/cpp/diagnose.hpp"
#include "mount.hpp"
#include "settings.hpp"

namespace coldload::nfs {

// `read_ahead_kib` 0: off.
void tell_mounted(const Mount& mount, uint64_t read_ahead_kib, sdk::Diagnosis& out);

// Of a server that was reached in `connect_ns`; 0 where that is not known.
void tell_server(const Settings& settings, uint64_t connect_ns, sdk::Diagnosis& out);

}  // namespace coldload::nfs
