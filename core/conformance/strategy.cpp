// The contracts of a strategy, in the order they are checked.
#include <array>

#include "core/conformance/contract.hpp"
#include "core/conformance/strategy_checks.hpp"

namespace coldload::conformance {

std::span<const Contract> strategy_contracts() {
  static constexpr std::array kContracts = {
      Contract{"strategy.create", "two of it with the same options can stand side by side",
               &check_strategy_create},
      Contract{"strategy.requirements",
               "requirements() is pure: the same model gives the same answer, and one that makes sense",
               &check_strategy_requirements},
      Contract{"strategy.setup", "setup() reads no object", &check_strategy_setup},
      Contract{"strategy.every_byte_once", "each byte of each item is delivered, and none twice",
               &check_strategy_every_byte_once},
      Contract{"strategy.bytes_landed", "what is delivered are the file's bytes, all of them there",
               &check_strategy_bytes_landed},
      Contract{"strategy.any_order", "reads that take long and overtake each other change nothing",
               &check_strategy_any_order},
      Contract{"strategy.any_pool", "it gets by with the buffers it asked for, and with more",
               &check_strategy_any_pool},
      Contract{"strategy.buffers",
               "every buffer it acquired is delivered once, and nothing is written beside one",
               &check_strategy_buffers},
      Contract{"strategy.requirements_true",
               "it keeps to the ranges, buffers and threads that requirements() names",
               &check_strategy_requirements_true},
      Contract{"strategy.memory", "its memory does not grow with the model", &check_strategy_memory},
      Contract{"strategy.evidence", "what it gives as evidence is what it did", &check_strategy_evidence},
      Contract{"strategy.read_faults", "a read that fails ends the load with its message, whichever it is",
               &check_strategy_read_faults, 60'000},
      Contract{"strategy.short_file", "a file that became shorter is a failure, not other bytes",
               &check_strategy_short_file, 60'000},
      Contract{"strategy.acquire_faults", "an acquire() that fails ends the load, whichever it is",
               &check_strategy_acquire_faults, 60'000},
      Contract{"strategy.delivery_faults", "a delivery that fails ends the load, whichever it is",
               &check_strategy_delivery_faults, 60'000},
      Contract{"strategy.cancel", "load() returns within 100 ms of the host saying to stop",
               &check_strategy_cancel},
      Contract{"strategy.cancelled_before", "a load that is stopped before it begins is cancelled",
               &check_strategy_cancelled_before},
      Contract{"strategy.nothing_after", "once load() returned no thread, no read and no write of it is left",
               &check_strategy_nothing_after},
  };
  return kContracts;
}

}  // namespace coldload::conformance
