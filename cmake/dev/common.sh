# shellcheck shell=bash
# What every part of ./dev uses. Sourced, with the working directory at the root of the tree.

# A clone elsewhere on this machine finds the same objects in the compiler cache.
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$root}" CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-1}"

# Where packages of other releases of Debian come from.
debian_mirror() { printf '%s\n' "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"; }

die() {
  printf 'dev: %s\n' "$1" >&2
  exit "${2:-1}"
}

die_usage() { die "$1; see ./dev help" 2; }

# quietly NAME COMMAND…: its output goes to build/log/NAME.log, the end of which is shown if it fails.
quietly() {
  local log="build/log/$1.log" status=0
  shift
  mkdir -p build/log
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [[ $status -eq 0 ]] && return
  tail -n 40 "$log" >&2
  die "this failed with exit status $status (all of its output is in $log): $*" "$status"
}

# How many compilers at once: one a core, but each may take 1.5 GiB of memory.
jobs_count() {
  local cores available_kib by_memory
  cores=$(nproc)
  available_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
  by_memory=$((available_kib / (1536 * 1024)))
  if ((by_memory < 1)); then
    echo 1
  else
    echo $((by_memory < cores ? by_memory : cores))
  fi
}

# The files of the tree, new ones included and deleted ones not, that match any of the patterns. Zero-terminated.
tree_files() {
  local file
  # The clone may belong to another user than the one (root, through sudo) who runs this.
  git -c safe.directory="$root" ls-files -z --cached --others --exclude-standard -- "$@" |
    while IFS= read -r -d '' file; do
      [[ ! -f $file ]] || printf '%s\0' "$file"
    done
}
