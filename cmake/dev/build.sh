# shellcheck shell=bash
# ./dev build and what the other commands build.

# build_preset PRESET [TARGET…]: configured anew each time, so that a changed preset counts.
build_preset() {
  local preset=$1
  shift
  quietly "configure-$preset" cmake --preset "$preset"
  cmake --build "build/$preset" -j "$(jobs_count)" ${1:+--target "$@"}
}

command_build() {
  case "$*" in
    "")
      ensure_packages build
      build_preset release
      ;;
    --portable)
      ensure_packages build
      ensure_old_glibc
      build_preset portable
      report_portability build/portable
      make_tarball build/portable
      ;;
    --clang)
      ensure_packages clang
      build_preset clang
      ;;
    *) die_usage "build takes --portable, --clang or nothing, not \"$*\"" ;;
  esac
}

# Prints the oldest glibc that serves the host and all plugins below a build directory, and what else they load.
# Fails if they load what --portable promises to link in.
report_portability() {
  local binaries needed broken glibc
  mapfile -t binaries < <(find "$1/bin" "$1/lib/coldload/plugins" -type f \( -perm -u+x -o -name '*.so' \) | sort)
  [[ ${#binaries[@]} -gt 0 ]] || die "$1 holds no executable and no plugin"

  broken=$(for binary in "${binaries[@]}"; do
    needed_libraries "$binary" | grep -E '^(libstdc\+\+|libgcc_s|libboost_|libfmt)' | sed "s|^|$binary needs |" || true
  done)
  [[ -z $broken ]] || die "not portable: $broken"

  needed=$(for binary in "${binaries[@]}"; do needed_libraries "$binary"; done | sort -u | paste -s -d ' ')
  glibc=$(objdump -T "${binaries[@]}" | grep -oE 'GLIBC_[0-9]+\.[0-9.]+' | sort -u -V | tail -n 1)
  [[ $(printf '%s\n' "${glibc#GLIBC_}" "$(old_glibc_version)" | sort -V | tail -n 1) == "$(old_glibc_version)" ]] ||
    die "not portable: it needs glibc ${glibc#GLIBC_}, later than $(old_glibc_version)"
  printf 'files:            %d (%s/bin, %s/lib/coldload/plugins)\n' "${#binaries[@]}" "$1" "$1"
  printf 'shared libraries: %s\n' "$needed"
  printf 'oldest glibc:     %s\n' "${glibc#GLIBC_}"
}

needed_libraries() {
  readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}
