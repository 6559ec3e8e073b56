// An honest load to depart from: one thread, small chunks.
#pragma once

#include <optional>

#include "coldload/cpp/chunks.hpp"
#include "coldload/cpp/plugin.hpp"

namespace coldload::misbehaving {

inline constexpr uint64_t kChunkBytes = 65536;

class Loading : public sdk::Strategy {
 public:
  Loading(sdk::Host host, const sdk::Options& /*options*/) : host_(host) {}

  coldload_requirements requirements(const coldload_model_size& model) override {
    coldload_requirements needs = sdk::empty_requirements();
    needs.capabilities = COLDLOAD_CAN_READ_AT;
    needs.buffer_bytes = sdk::buffer_bytes_for(kChunkBytes, model);
    return needs;
  }

 protected:
  static void bring(const sdk::Job& job, const sdk::Chunk& chunk) {
    const coldload_buffer buffer = job.acquire(chunk.item, chunk.offset, chunk.length);
    job.read(buffer);
    job.deliver(buffer);
  }

  sdk::Host host_;
};

}  // namespace coldload::misbehaving
