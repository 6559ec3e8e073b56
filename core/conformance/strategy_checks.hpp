// The checks behind a strategy's contracts, by file. For this folder only.
#pragma once

namespace coldload::conformance {

struct Subject;

// strategy_bytes.cpp
void check_strategy_create(const Subject& subject);
void check_strategy_requirements(const Subject& subject);
void check_strategy_setup(const Subject& subject);
void check_strategy_every_byte_once(const Subject& subject);
void check_strategy_bytes_landed(const Subject& subject);
void check_strategy_any_order(const Subject& subject);
void check_strategy_any_pool(const Subject& subject);
void check_strategy_buffers(const Subject& subject);
void check_strategy_requirements_true(const Subject& subject);
void check_strategy_memory(const Subject& subject);
void check_strategy_evidence(const Subject& subject);

// strategy_faults.cpp
void check_strategy_read_faults(const Subject& subject);
void check_strategy_short_file(const Subject& subject);
void check_strategy_acquire_faults(const Subject& subject);
void check_strategy_delivery_faults(const Subject& subject);
void check_strategy_cancel(const Subject& subject);
void check_strategy_cancelled_before(const Subject& subject);
void check_strategy_nothing_after(const Subject& subject);

}  // namespace coldload::conformance
