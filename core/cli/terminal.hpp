// What the reader's terminal can show.
#pragma once

namespace coldload {

// Columns of the terminal that stdout is; 0 where it is none.
[[nodiscard]] unsigned terminal_width();

// Whether stdout is a terminal that shows colour and nobody refused it (NO_COLOR, TERM=dumb).
[[nodiscard]] bool wants_color();

}  // namespace coldload
