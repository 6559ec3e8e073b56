# shellcheck shell=bash
# ./dev reference: the reference result set, measured anew.

command_reference() {
  ensure_packages reference
  build_preset release
  # In this shell's place, so that a signal sent to it reaches what has to tidy up.
  local program=(/usr/bin/python3 -B tests/benchmark/reference.py build/release/bin/coldload "$@")
  if [[ $EUID -eq 0 ]]; then exec "${program[@]}"; else exec sudo "${program[@]}"; fi
}
