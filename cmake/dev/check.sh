# shellcheck shell=bash
# ./dev test, lint, format and fuzz.

command_test() {
  if [[ ${1:-} == --sanitizers ]]; then
    shift
    test_sanitized "$@"
    return
  fi
  ensure_packages test
  ensure_scipy
  build_preset dev
  local options
  ctest_options dev
  ctest "${options[@]}" "$@"
}

# Only the tests labelled "sanitize" (parsing, concurrency, the worker's protocol): the rest costs more than it finds.
test_sanitized() {
  ensure_packages test
  export ASAN_OPTIONS="abort_on_error=1:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1"
  export LSAN_OPTIONS="suppressions=$PWD/cmake/dev/lsan.supp:print_suppressions=0"
  export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:abort_on_error=1"
  export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:abort_on_error=1"
  local preset options
  for preset in asan tsan; do
    build_preset "$preset" coldload_sanitize_tests
    ctest_options "$preset"
    fixed_addresses_if_needed ctest "${options[@]}" -L sanitize "$@"
  done
}

# Fills the caller's array `options`. The report is what cmake/dev/failed_tests.py tells failures from.
ctest_options() {
  local report="$PWD/build/log/test-$1.xml"
  mkdir -p build/log
  rm -f "$report"
  options=(--preset "$1" -j "$(nproc)" --output-on-failure --output-junit "$report" --no-tests=error)
}

# ThreadSanitizer of gcc 12 cannot map its shadow where the kernel randomises more than 28 bits of an address.
fixed_addresses_if_needed() {
  local bits=/proc/sys/vm/mmap_rnd_bits
  if [[ -r $bits && $(<"$bits") -gt 28 ]]; then
    setarch "$(uname -m)" -R "$@"
  else
    "$@"
  fi
}

source_files() { tree_files '*.cpp' '*.hpp' '*.h' '*.c'; }

command_format() {
  ensure_packages format
  case "$*" in
    "") source_files | xargs -0 -r clang-format-19 -i ;;
    --check) check_format ;;
    *) die_usage "format takes --check or nothing, not \"$*\"" ;;
  esac
}

# One line a file: where it differs, the diff after ./dev format tells better.
check_format() {
  local output status=0
  output=$(source_files | xargs -0 -r clang-format-19 --dry-run -Werror 2>&1) || status=$?
  [[ $status -ne 0 ]] || return 0
  sed -n 's/^\([^: ]*\):.*-Wclang-format-violations.*/\1: not formatted; run .\/dev format/p' <<<"$output" | sort -u >&2
  [[ $output == *-Wclang-format-violations* ]] || die "clang-format-19 failed: $output"
  return 1
}

# Every check runs, so that one call tells all there is to mend.
command_lint() {
  [[ $# -eq 0 ]] || die_usage "lint takes no argument, not \"$*\""
  ensure_packages lint
  local failed=()
  lint_step "format" command_format --check
  lint_step "shellcheck" lint_shell
  lint_step "includes" lint_includes
  quietly configure-dev cmake --preset dev
  lint_step "clang-tidy" python3 cmake/dev/tidy.py --build build/dev --jobs "$(jobs_count)"
  [[ ${#failed[@]} -eq 0 ]] || die "lint: failed: ${failed[*]}"
  printf 'lint: clean\n'
}

# Appends to the caller's array `failed`.
lint_step() {
  local name=$1
  shift
  printf 'lint: %s\n' "$name"
  # A subshell, since a step may end with die.
  ("$@") || failed+=("$name")
}

lint_shell() {
  local scripts
  mapfile -t scripts < <(tree_files dev .ci/run '*.sh' | tr '\0' '\n')
  shellcheck -x "${scripts[@]}"
}

lint_includes() {
  python3 cmake/dev/check_includes.py --self-test && python3 cmake/dev/check_includes.py .
}

command_fuzz() {
  local only="" seconds=60 argument
  for argument; do
    if [[ $argument =~ ^[0-9]+$ ]]; then seconds=$argument; else only=${argument#fuzz_}; fi
  done
  ensure_packages fuzz
  build_preset fuzz coldload_fuzz_targets

  local targets target
  mapfile -t targets < <(find build/fuzz/bin -maxdepth 1 -type f -name 'fuzz_*' -perm -u+x -printf '%f\n' 2>/dev/null | sort)
  [[ ${#targets[@]} -gt 0 ]] || die "the tree declares no fuzz target (coldload_fuzz_target in cmake/ColdloadBuild.cmake)"
  if [[ -n $only ]]; then
    [[ " ${targets[*]} " == *" fuzz_$only "* ]] || die_usage "no fuzz target \"$only\"; there are: ${targets[*]#fuzz_}"
    targets=("fuzz_$only")
  fi
  for target in "${targets[@]}"; do fuzz_one "${target#fuzz_}" "$seconds"; done
}

# New inputs are kept below build/, seeds are read from tests/fuzz/corpus/NAME/. A crash leaves its input and ends it.
fuzz_one() {
  local name=$1 seconds=$2
  local kept="build/fuzz/corpus/$name" found="build/fuzz/found/$name" seeds="tests/fuzz/corpus/$name"
  mkdir -p "$kept" "$found"
  printf 'fuzz: %s for %d s\n' "$name" "$seconds"
  local inputs=("$kept")
  if [[ -d $seeds ]]; then inputs+=("$seeds"); fi
  "build/fuzz/bin/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$found/" "${inputs[@]}" ||
    die "fuzz: $name: found a failure; its input is in $found/"
}
