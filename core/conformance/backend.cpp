// The contracts of a backend, in the order they are checked.
#include <array>

#include "core/conformance/backend_checks.hpp"
#include "core/conformance/contract.hpp"

namespace coldload::conformance {

std::span<const Contract> backend_contracts() {
  static constexpr std::array kContracts = {
      Contract{"backend.create", "two of it with the same options can stand side by side",
               &check_backend_create},
      Contract{"backend.list",
               "list() gives every object once, the same each time, and of a folder what lies below it",
               &check_backend_list},
      Contract{
          "backend.list_stops",
          "what the callback returns ends the listing and is what list() returns, whichever object it is",
          &check_backend_list_stops},
      Contract{"backend.missing", "what is not there is NOT_FOUND, with a message that names it",
               &check_backend_missing},
      Contract{"backend.open",
               "an opened object has the size that was listed, and the same capabilities each time",
               &check_backend_open},
      Contract{"backend.probe", "probe() promises no more than objects offer when they are opened",
               &check_backend_probe},
      Contract{"backend.read_edges",
               "read_at() gives exactly the bytes asked for at every edge, and writes nothing beside them",
               &check_backend_read_edges},
      Contract{"backend.past_end", "a range that reaches past the end is an error, with a message",
               &check_backend_past_end},
      Contract{"backend.direct",
               "direct reads give the same bytes, to the odd end, and pass the page cache by",
               &check_backend_direct},
      Contract{"backend.concurrent", "16 threads reading at once get the bytes they asked for",
               &check_backend_concurrent},
      Contract{"backend.refused_reads",
               "a read that the system refuses is a failure, whichever it is, never other bytes",
               &check_backend_refused_reads},
      Contract{"backend.short_file", "a file that ends early is a failure of the read that meets its end",
               &check_backend_short_file},
      Contract{"backend.upstream_faults",
               "a failure of the backend it is built on is passed on, whichever call it is",
               &check_backend_upstream_faults},
      Contract{"backend.descriptor",
               "claimed FD: the descriptor is of a file with exactly the object's bytes",
               &check_backend_descriptor},
      Contract{"backend.map", "claimed MAP: the descriptor can be mapped, and holds the object's bytes",
               &check_backend_map},
      Contract{"backend.path", "claimed PATH: other programs find the object's bytes there",
               &check_backend_path},
      Contract{"backend.evict", "claimed EVICT: after evict() the kernel finds nothing of the object cached",
               &check_backend_evict},
      Contract{"backend.residency", "claimed RESIDENCY: residency() says what the kernel says",
               &check_backend_residency},
      Contract{"backend.no_local_cache", "claimed NO_LOCAL_CACHE: reading leaves nothing in the page cache",
               &check_backend_no_local_cache},
      Contract{"backend.cancel", "calls return within 100 ms of the host saying to stop",
               &check_backend_cancel},
      Contract{"backend.after_close", "no buffer is written to after the read returned, nor after close()",
               &check_backend_after_close},
      Contract{"backend.gives_back", "after destroy() no thread and no descriptor is left",
               &check_backend_gives_back},
      Contract{"backend.async_read",
               "claimed async_read: each read completes once, with the bytes that read_at() gives",
               &check_backend_async_read},
      Contract{"backend.async_cancel",
               "claimed async_read: no more reads than agreed, and none writes after cancel_all()",
               &check_backend_async_cancel},
      Contract{"backend.prepare",
               "claimed prepare: what is prepared can be read, verified, prepared again and discarded",
               &check_backend_prepare, 60'000},
      Contract{"backend.directory", "claimed directory: objects are the files below it",
               &check_backend_directory},
      Contract{"backend.diagnose",
               "claimed diagnose: each fact has words, each warning its cause and its cure",
               &check_backend_diagnose},
  };
  return kContracts;
}

}  // namespace coldload::conformance
