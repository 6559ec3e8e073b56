# shellcheck shell=bash disable=SC2034
# ---- the device's read-ahead, as it was measured ----------------------------------------------------------------------

set_read_ahead() {
  local setting="/sys/class/block/$READ_AHEAD_DEVICE/queue/read_ahead_kb" wanted=$((READ_AHEAD_BYTES / 1024)) found
  # A partition has no queue of its own; its disk's does for both.
  [[ -e $setting ]] || setting="/sys/class/block/$READ_AHEAD_DEVICE/../queue/read_ahead_kb"
  if ! found=$(cat "$setting" 2>/dev/null); then
    warn "$READ_AHEAD_DEVICE has no read-ahead to set here: its $wanted KiB when it was measured are not in effect"
    return 0
  fi
  if [[ $found == "$wanted" ]]; then
    say "read-ahead of $READ_AHEAD_DEVICE: $wanted KiB, as measured"
  elif dry_run; then
    say "would set the read-ahead of $READ_AHEAD_DEVICE from $found to $wanted KiB"
  elif { printf '%s\n' "$wanted" >"$setting"; } 2>/dev/null && [[ $(cat "$setting") == "$wanted" ]]; then
    say "read-ahead of $READ_AHEAD_DEVICE: $wanted KiB, was $found"
  else
    warn "read-ahead of $READ_AHEAD_DEVICE stays at $found KiB and was measured at $wanted: writing $setting is not permitted"
  fi
}
