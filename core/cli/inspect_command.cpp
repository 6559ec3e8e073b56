#include <fmt/format.h>

#include "core/cli/commands.hpp"
#include "core/model/directory.hpp"
#include "core/model/inspect.hpp"

namespace coldload {

ExitCode inspect_command(const std::string& directory) {
  const auto inspection = inspect_directory(directory);
  if (!inspection) {
    print_error(inspection.error());
    return exit_code_of(inspection.error());
  }
  print_out(render_inspection(*inspection));
  return inspection->consistent() ? ExitCode::ok : ExitCode::integrity;
}

}  // namespace coldload
