#!/usr/bin/env bash
# The GPU tests and the GPU benchmark, with a portable build and nothing else: tests/gpu/run.sh BUILD [options]
# BUILD is what `./dev build --portable` left (bin/ and lib/ below it). Without a GPU it says so and runs the rest.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here

usage() {
  cat <<'TEXT'
usage: tests/gpu/run.sh BUILD [options]

  --models DIR        where models are made (default: ./gpu-models); on a real disk, for cold cases
  --results DIR       where results go (default: ./gpu-results)
  --like NAME         model of the benchmark (default: qwen2.5-7b)
  --scale F           its scale (default: 1, which is 15 GB)
  --threads N         of the strategy in the warm benchmark (default: 12)
  --chunk SIZE        of the strategy in the warm benchmark (default: 4 MiB)
  --runs N            repetitions of each case of the benchmark (default: 5)
  --only PARTS        of tests, sanitizer, sweep, warm, cold, cold-loaders; comma-separated (default: all but sweep
                      and cold-loaders)

Exit status: 0 all that ran is right; 1 a test failed; 2 usage.
TEXT
}

die() {
  printf 'gpu: %s\n' "$1" >&2
  exit "${2:-1}"
}

build="" models=gpu-models results=gpu-results like=qwen2.5-7b scale=1 threads=12 chunk="4 MiB" runs=5
parts=tests,sanitizer,warm,cold
while (($# > 0)); do
  case $1 in
    --models) models=$2 ;;
    --results) results=$2 ;;
    --like) like=$2 ;;
    --scale) scale=$2 ;;
    --threads) threads=$2 ;;
    --chunk) chunk=$2 ;;
    --runs) runs=$2 ;;
    --only) parts=$2 ;;
    --help | -h)
      usage
      exit 0
      ;;
    -*) die "no option \"$1\"; see --help" 2 ;;
    *)
      [[ -z $build ]] || die "one BUILD, not \"$build\" and \"$1\"" 2
      build=$1
      shift
      continue
      ;;
  esac
  [[ $# -ge 2 ]] || die "$1 needs a value" 2
  shift 2
done
[[ -n $build ]] || die "name the build: tests/gpu/run.sh BUILD; see --help" 2
coldload=$(cd "$build" && pwd)/bin/coldload
[[ -x $coldload ]] || die "$coldload is not there: make it with ./dev build --portable" 2
mkdir -p "$models" "$results"
models=$(cd "$models" && pwd)
results=$(cd "$results" && pwd)
readonly build coldload models results like scale threads chunk runs parts

failed=0
wants() { [[ ,$parts, == *,$1,* ]]; }
say() { printf '\n== %s\n' "$*"; }
wrong() {
  printf 'FAILED: %s\n' "$*"
  failed=1
}
right() { printf 'ok: %s\n' "$*"; }

# scenario NAME: from standard input, below a [model] path and a backend `disk`.
scenario() {
  local file=$results/$1.toml model=$2
  {
    printf 'schema = 1\nname = "%s"\n[model]\npath = "%s"\n[backend.disk]\nplugin = "local"\nroot = "%s"\n' \
      "$1" "$model" "$models"
    cat
  } >"$file"
  printf '%s\n' "$file"
}

# run_scenario NAME [coldload options]: the table on standard output; its results in $results/NAME.
run_scenario() {
  local name=$1
  shift
  rm -rf "${results:?}/$name"
  "$coldload" run "$results/$name.toml" --out "$results/$name" "$@"
}

make_model() {
  [[ -d $models/$1 ]] && return
  say "making model $1"
  "$coldload" gen-model "$models/$1" --like "$2" --scale "$3"
}

# Every way to the GPU brings the same bytes as `stream` does, and leaves no pinned memory.
test_every_way() {
  scenario every-way small <<'TOML' >/dev/null
[strategy.sequential]
[strategy.parallel]
threads = 4
chunk   = "1 MiB"
[strategy.io_uring]
chunk = "1 MiB"
[strategy.mmap]
threads = 2
[strategy.parallel-direct]
plugin = "parallel"
direct = true
[strategy.registered]
plugin             = "io_uring"
direct             = true
registered_buffers = true
[destination.gpu]
plugin  = "cuda"
pinned  = ["alloc", "register"]
streams = [1, 4]
[destination.gpu-direct]
plugin = "cuda"
mapped = "direct"
[[compare]]
strategy    = ["sequential", "parallel", "io_uring", "parallel-direct", "registered"]
destination = ["stream", "gpu"]
cache       = "as-is"
[[compare]]
strategy    = "mmap"
destination = ["stream", "gpu", "gpu-direct"]
cache       = "as-is"
[run]
repetitions = 1
probe       = false
quiet       = false
TOML
  local status=0
  run_scenario every-way || status=$?
  python_check every-way "$status"
}

# The file of cuFile's library: the system's, or the one that comes with a Python package.
find_cufile() {
  local file
  file=$(ldconfig -p 2>/dev/null | sed -n 's/.*libcufile\.so\.0 .*=> //p' | head -n 1)
  if [[ -z $file ]]; then
    file=$(python3 -c 'import glob, sys
for folder in sys.path:
    for name in glob.glob(folder + "/nvidia/*/lib/libcufile.so.0"):
        print(name)' 2>/dev/null | head -n 1)
  fi
  [[ -n $file ]] || file=$(compgen -G '/usr/local/cuda*/targets/*/lib/libcufile.so.0' | head -n 1 || true)
  printf '%s' "$file"
}

# GPUDirect Storage, as far as it is there: the same bytes again, and how they came.
test_cufile() {
  local library
  library=$(find_cufile)
  printf 'libcufile: %s\n' "${library:-not found}"
  scenario cufile small <<TOML >/dev/null
[strategy.cufile]
library = "$library"
chunk   = "4 MiB"
[strategy.cufile-buffered]
plugin  = "cufile"
library = "$library"
direct  = false
[strategy.sequential]
[destination.gpu]
plugin = "cuda"
[[compare]]
strategy    = ["cufile", "cufile-buffered"]
destination = "gpu"
cache       = "as-is"
[[compare]]
strategy = "sequential"
cache    = "as-is"
[run]
repetitions = 1
probe       = false
quiet       = false
TOML
  local status=0
  run_scenario cufile >"$results/cufile.txt" 2>&1 || status=$?
  python_check cufile "$status"
}

# Loads at the same time, each to its own memory on the GPU.
test_at_once() {
  local count pids=() pid status=0 number
  for count in 1 2 4; do
    pids=()
    status=0
    for ((number = 0; number < count; ++number)); do
      scenario "at-once-$count-$number" small <<'TOML' >/dev/null
[strategy.parallel]
threads = 4
chunk   = "1 MiB"
[destination.gpu]
plugin = "cuda"
[[compare]]
destination = ["stream", "gpu"]
cache       = "as-is"
[run]
repetitions = 3
probe       = false
quiet       = false
TOML
      run_scenario "at-once-$count-$number" >"$results/at-once-$count-$number.txt" 2>&1 &
      pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || status=$?; done
    for ((number = 0; number < count; ++number)); do python_check "at-once-$count-$number" "$status"; done
  done
}

# More than any GPU holds: one failed record that says so, before a byte moves.
test_out_of_memory() {
  scenario too-much small <<'TOML' >/dev/null
[backend.zeros]
plugin  = "null"
objects = 1
size    = "4 TiB"
[strategy.parallel]
[destination.gpu]
plugin = "cuda"
[[compare]]
backend     = "zeros"
destination = "gpu"
cache       = "as-is"
[run]
repetitions = 3
probe       = false
quiet       = false
verify      = "off"
TOML
  local status=0
  run_scenario too-much --yes >"$results/too-much.txt" 2>&1 || status=$?
  python_check too-much "$status" --out-of-memory
}

python_check() { python3 -B "$here/check.py" "$results/$1" "${@:2}" || wrong "$1 (see $results/$1)"; }

test_sanitizer() {
  local tool
  tool=$(command -v compute-sanitizer || true)
  [[ -n $tool ]] || tool=$(compgen -G '/usr/local/cuda*/bin/compute-sanitizer' | tail -n 1 || true)
  if [[ -z $tool ]]; then
    printf 'not run: there is no compute-sanitizer\n'
    return
  fi
  scenario sanitized small <<'TOML' >/dev/null
[strategy.parallel]
threads = 4
chunk   = "1 MiB"
[strategy.mmap]
[destination.gpu]
plugin = "cuda"
[[compare]]
destination = "gpu"
cache       = "as-is"
[run]
repetitions = 1
probe       = false
quiet       = false
TOML
  rm -rf "$results/sanitized"
  local status=0
  "$tool" --tool memcheck --leak-check full --error-exitcode 99 --target-processes all \
    "$coldload" run "$results/sanitized.toml" --in-process --out "$results/sanitized" >"$results/sanitized.txt" 2>&1 || status=$?
  grep -E 'ERROR SUMMARY|LEAK SUMMARY|Error' "$results/sanitized.txt" || true
  if ((status == 0)); then right "compute-sanitizer: clean"; else wrong "compute-sanitizer: exit status $status (see $results/sanitized.txt)"; fi
}

# Warm, over threads and chunks: which of them fills the link.
sweep() {
  scenario sweep big <<'TOML' >/dev/null
[strategy.parallel]
threads = [12, 14]
chunk   = ["2 MiB", "4 MiB", "8 MiB"]
[destination.gpu]
plugin  = "cuda"
[[compare]]
destination = "gpu"
cache       = "warm"
[run]
repetitions = 3
verify      = "off"
probe       = false
quiet       = false
TOML
  run_scenario sweep --yes >"$results/sweep.txt"
  python3 -B "$here/ratios.py" "$results/sweep" || true
}

# Cold, from storage: the same strategy to the GPU and to recycled buffers, in turn. Many repetitions of a
# model of some GB, since storage varies more than what is looked for.
cold_pairs() {
  scenario cold-pairs pairs <<TOML >/dev/null
[strategy.parallel]
threads = 8
chunk   = "4 MiB"
[strategy.parallel-direct]
plugin  = "parallel"
threads = 8
chunk   = "4 MiB"
direct  = true
[destination.gpu]
plugin = "cuda"
[[compare]]
destination = ["stream", "gpu"]
cache       = "cold"
[run]
repetitions = $((runs * 3))
TOML
  run_scenario cold-pairs --yes || wrong "cold-pairs"
  python3 -B "$here/ratios.py" "$results/cold-pairs"
}

# benchmark CACHE: ours and safetensors' own, interleaved.
benchmark() {
  local name=$1 loaders=""
  if python3 -c 'import torch, safetensors.torch; assert torch.cuda.is_available()' 2>/dev/null; then
    loaders='"load-file", "lazy"'
  else
    printf 'without safetensors: this python3 has no torch that sees a GPU, or no safetensors\n'
  fi
  {
    printf '[destination.gpu]\nplugin = "cuda"\n'
    sed -n '/^\[strategy.load-file\]/,/^\[\[compare\]\]/p' "$here/../../scenarios/vllm-loaders-gpu.toml" | sed '$d'
    printf '[strategy.parallel]\nthreads = %s\nchunk = "%s"\n' "$threads" "$chunk"
    printf '[[compare]]\nstrategy = "parallel"\ndestination = ["stream", "gpu"]\ncache = "%s"\n' "$name"
    [[ -z $loaders ]] || printf '[[compare]]\nstrategy = [%s]\ncache = "%s"\n' "$loaders" "$name"
    printf '[run]\nrepetitions = %s\n' "$runs"
  } | scenario "benchmark-$name" big >/dev/null
  run_scenario "benchmark-$name" --allow-commands --yes || wrong "benchmark-$name"
  python3 -B "$here/ratios.py" "$results/benchmark-$name"
}

main() {
  say "$("$coldload" --version)"
  "$coldload" list
  make_model small qwen2.5-0.5b 0.1
  say "ceilings"
  "$coldload" probe "$models/small" 2>&1 | tee "$results/probe.txt"
  local gpu=yes
  if ! grep -q '^gpu/pinned_to_device' "$results/probe.txt"; then
    gpu=no
    say "there is no GPU here: the cases to it are skipped, which is what is tested"
  fi
  local used_before=""
  [[ $gpu == no ]] || used_before=$(nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits 2>/dev/null || true)
  if wants tests; then
    say "tests: every way to the GPU"
    test_every_way
    say "tests: GPUDirect Storage"
    test_cufile
    say "tests: 1, 2 and 4 loads at once"
    test_at_once
    if [[ $gpu == yes ]]; then
      say "tests: out of memory"
      test_out_of_memory
    fi
  fi
  if [[ $gpu == yes ]]; then
    if wants sanitizer; then
      say "compute-sanitizer"
      test_sanitizer
    fi
    if wants sweep || wants warm || wants cold-loaders; then make_model big "$like" "$scale"; fi
    if wants sweep; then
      say "sweep"
      sweep
    fi
    if wants warm; then
      say "benchmark, warm"
      benchmark warm
    fi
    if wants cold; then
      make_model pairs qwen2.5-7b 0.2
      say "benchmark, cold: to the GPU and to stream"
      cold_pairs
    fi
    if wants cold-loaders; then
      say "benchmark, cold, with safetensors' own loaders"
      benchmark cold
    fi
    if [[ -n $used_before ]]; then
      say "GPU memory in use, MiB: $used_before before, $(nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits) after"
    fi
  fi
  say "$([[ $failed == 0 ]] && echo 'all that ran is right' || echo 'something FAILED, above')"
  exit "$failed"
}

main
