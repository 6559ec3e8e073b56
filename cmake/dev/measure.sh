# shellcheck shell=bash
# ./dev quickstart and bench: what is measured with the release build.

command_quickstart() {
  local scale=0.25
  while [[ $# -gt 0 ]]; do
    case $1 in
      --scale)
        [[ $# -ge 2 ]] || die_usage "--scale takes the share of the model's layers to make, for example 0.25"
        scale=$2
        shift 2
        ;;
      --scale=*)
        scale=${1#--scale=}
        shift
        ;;
      *) die_usage "quickstart takes --scale F, not \"$1\"" ;;
    esac
  done
  ensure_packages build
  build_preset release
  make_quickstart_model "$scale"
  build/release/bin/coldload run scenarios/quickstart.toml
}

# Makes the model unless it is there in that size. The note of its size stands beside the model, not in it, and is
# written last: a directory without one is left over from a run that was ended.
make_quickstart_model() {
  local scale=$1 like=qwen2.5-0.5b seed=7
  local directory="build/quickstart/$like" note="build/quickstart/$like.made" wanted="$like scale $1 seed 7"
  if [[ -d $directory && -r $note && $(<"$note") == "$wanted" ]]; then return; fi
  rm -rf "$directory" "$note"
  mkdir -p build/quickstart
  build/release/bin/coldload gen-model "$directory" --like "$like" --scale "$scale" --seed "$seed"
  printf '%s\n' "$wanted" >"$note"
}

# What runs too long for the suite: the same tests, more often.
command_soak() {
  [[ $# -ge 1 ]] || die_usage "soak takes a name: staging"
  case $1 in
    staging)
      ensure_packages test
      build_preset release
      local build=$PWD/build/release
      COLDLOAD_KILLS=${2:-200} COLDLOAD_BIN=$build/bin/coldload COLDLOAD_SOURCE=$PWD COLDLOAD_BUILD=$build \
        COLDLOAD_SCRATCH=$build/integration-scratch \
        python3 -B tests/integration/staged_test.py -v Death.test_killed_at_random_moments
      ;;
    *) die_usage "no soak \"$1\"; there is: staging" ;;
  esac
}

command_bench() {
  local known
  known=$(find tests/benchmark -maxdepth 1 -name '*.sh' -printf '%f\n' 2>/dev/null | sed 's/\.sh$//' | sort | paste -s -d ' ')
  [[ $# -ge 1 ]] || die_usage "bench takes a name: ${known:-none is there yet}"
  local name=$1
  shift
  [[ -f tests/benchmark/$name.sh ]] || die_usage "no benchmark \"$name\"; there are: ${known:-none yet}"
  ensure_packages bench
  build_preset release
  bash "tests/benchmark/$name.sh" "$@"
}
