# shellcheck shell=bash disable=SC2034
# ---- what every step uses --------------------------------------------------------------------------------------------

# Sorting and messages are the same everywhere; the service gets the caller's language back.
if [[ -v LC_ALL ]]; then INHERITED_LC_ALL=$LC_ALL; fi
export LC_ALL=C

DRY_RUN=no
PREPARE_ONLY=no
VERIFY=no
REQUIRED_TOOLS=(mktemp rm sleep tail)
SCRATCH=""       # a directory of this run below $TMPDIR, for what programs say
PARTIAL=""       # a copy that is being made, taken away when this ends before it is whole
MAKES_DIRECTORY="" # one that need not be there yet
CHILD_PID=""     # of the process group that is ended when this ends
WATCHDOG_PID=""  # of what bounds it
CHILD_STATUS=0   # of the last one
CHILD_MESSAGE="" # the last line it said
END_SIGNAL=TERM
LOCK_FDS=()
TARGET_LOCK=""   # the lock that keeps copies as they are until the service has read them
CURRENT_MODEL="" # the directory that the service reads
readonly STOP_TIMEOUT_S=30   # what is told to end has so long before it is killed
readonly ANSWER_TIMEOUT_S=30 # a file system that says nothing for so long hangs

readonly STATUS_USAGE=2 STATUS_TOOL=10 STATUS_MOUNT=11 STATUS_LOCKED=12 STATUS_SPACE=13 STATUS_COPY=14
readonly STATUS_FOREIGN=15 STATUS_CORRUPT=16 STATUS_MODEL=17 STATUS_NOT_READY=18 STATUS_ENDED=19

usage() {
  cat <<'TEXT'
usage: bootstrap.sh [--dry-run] [--verify] [--prepare-only]

Prepares this node for the model. The head of this file says what it copies, sets and starts.
A second run changes nothing that is in order already.

  --dry-run        check, say what would be done, change nothing and start nothing
  --verify         read a copy that is there already back from the disk and compare its digests
  --prepare-only   all but the service; prints the model's directory
  --help

COLDLOAD names the coldload program; without it the one in PATH is used, and without one plain tools copy.

exit status (what this layout has no step for does not occur)
  0    done; or what the service ended with, once it was ready
  1    something failed that is not foreseen here
  2    a wrong argument
  10   a program that is needed is not here
  11   a mount is not there, or is not the file system that was measured
  12   another instance is at work, or the service's port is taken
  13   not enough space
  14   the copy failed
  15   something that is not ours stands where the copy goes
  16   the copy differs from its source
  17   the model is not there, or not whole
  18   the service was not ready in time
  19   the service ended before it was ready
  129, 130, 143   ended by SIGHUP, SIGINT, SIGTERM
TEXT
}

# Names from outside may hold anything; a terminal and a journal get one line.
one_line() { printf 'bootstrap: %s\n' "${*//[[:cntrl:]]/?}"; }
say() { one_line "$@"; }
warn() { one_line "warning: $*" >&2; }

# fail STATUS SENTENCE
fail() {
  one_line "${*:2}" >&2
  exit "$1"
}

dry_run() { [[ $DRY_RUN == yes ]]; }

unexpected() {
  [[ $BASH_SUBSHELL -eq 0 ]] || exit "$1"
  trap - ERR
  fail 1 "line $2: a command failed with status $1: $3"
}

on_signal() {
  trap '' HUP INT TERM
  END_SIGNAL=$1
  fail "$2" "ended by SIG$1"
}

on_exit() {
  trap '' HUP INT TERM
  trap - ERR
  end_watchdog || true
  end_child || true
  if [[ -n $PARTIAL ]]; then rm -rf -- "$PARTIAL" || true; fi
  if [[ -n $SCRATCH ]]; then rm -rf -- "$SCRATCH" || true; fi
}

set_traps() {
  trap 'unexpected "$?" "$LINENO" "$BASH_COMMAND"' ERR
  trap on_exit EXIT
  trap 'on_signal HUP 129' HUP
  trap 'on_signal INT 130' INT
  trap 'on_signal TERM 143' TERM
}

# start_child COMMAND...: in a process group of its own, so that all of it can be ended. Sets CHILD_PID.
start_child() {
  # Without job control bash would start it in our group, and deaf to SIGINT.
  set -m
  "$@" </dev/null &
  CHILD_PID=$!
  set +m
}

# Ends the child's whole process group and returns when it is gone.
end_child() {
  [[ -n $CHILD_PID ]] || return 0
  local group=$CHILD_PID tries=$((STOP_TIMEOUT_S * 10))
  kill "-$END_SIGNAL" -- "-$group" 2>/dev/null || true
  while kill -0 -- "-$group" 2>/dev/null && ((tries-- > 0)); do sleep 0.1; done
  kill -KILL -- "-$group" 2>/dev/null || true
  wait "$group" 2>/dev/null || true
  CHILD_PID=""
}

# run_child SECONDS COMMAND...: waits for a command so that a signal to this script ends both at once; `wait` is the one
# way of waiting that a trap interrupts. Leaves $SCRATCH/out, CHILD_STATUS (124: it took too long) and CHILD_MESSAGE.
run_child() {
  local seconds=$1 began=$SECONDS
  shift
  start_child "$@" >"$SCRATCH/out" 2>"$SCRATCH/err"
  set -m
  end_later "$seconds" "$CHILD_PID" &
  WATCHDOG_PID=$!
  set +m
  CHILD_STATUS=0
  wait "$CHILD_PID" 2>/dev/null || CHILD_STATUS=$?
  end_watchdog
  end_child # what the command left behind in its group
  CHILD_MESSAGE=$(tail -n 1 -- "$SCRATCH/err")
  # Bash's own words begin with this script's name.
  if [[ $CHILD_MESSAGE =~ ^.*': line '[0-9]+': '(.*)$ ]]; then CHILD_MESSAGE=${BASH_REMATCH[1]}; fi
  if ((CHILD_STATUS > 128 && SECONDS - began >= seconds)); then
    CHILD_STATUS=124
    CHILD_MESSAGE="it took longer than $seconds s"
  fi
  CHILD_MESSAGE=${CHILD_MESSAGE:-it said nothing, status $CHILD_STATUS}
}

end_watchdog() {
  [[ -n $WATCHDOG_PID ]] || return 0
  kill -KILL -- "-$WATCHDOG_PID" 2>/dev/null || true
  wait "$WATCHDOG_PID" 2>/dev/null || true
  WATCHDOG_PID=""
}

end_later() {
  trap - ERR EXIT
  sleep "$1"
  kill -TERM -- "-$2"
  sleep 10
  kill -KILL -- "-$2"
} >/dev/null 2>&1

parse_arguments() {
  local argument
  for argument; do
    case $argument in
      --dry-run) DRY_RUN=yes ;;
      --verify) VERIFY=yes ;;
      --prepare-only) PREPARE_ONLY=yes ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) fail "$STATUS_USAGE" "no argument \"$argument\"; --help lists them" ;;
    esac
  done
}

check_tools() {
  local tool missing=""
  for tool in "${REQUIRED_TOOLS[@]}"; do
    command -v "$tool" >/dev/null || missing+=" $tool"
  done
  [[ -z $missing ]] || fail "$STATUS_TOOL" "not on this machine, and needed:$missing"
  SCRATCH=$(mktemp -d)
}

# Sets COLDLOAD_PROGRAM, empty where there is none.
find_coldload() {
  COLDLOAD_PROGRAM=$(command -v "${COLDLOAD:-coldload}") || COLDLOAD_PROGRAM=""
  if [[ -n ${COLDLOAD:-} && -z $COLDLOAD_PROGRAM ]]; then
    fail "$STATUS_TOOL" "COLDLOAD names $COLDLOAD, which is no program"
  fi
}

# lock PATH WHAT: takes the lock of a file or directory that is there, for as long as this runs or until LOCK_FD is closed.
# Sets LOCK_FD.
lock() {
  exec {LOCK_FD}<"$1"
  LOCK_FDS+=("$LOCK_FD")
  flock --nonblock "$LOCK_FD" || fail "$STATUS_LOCKED" "$2 is held by $(holder_of "$1"); nothing was done"
}

release_target() {
  if [[ -n $TARGET_LOCK ]]; then exec {TARGET_LOCK}<&-; fi
  TARGET_LOCK=""
}

print_model() {
  if [[ -n $CURRENT_MODEL ]]; then printf '%s\n' "$CURRENT_MODEL"; fi
}

# Who has it open with a lock on it, as far as this user may know.
holder_of() {
  local entry process
  for entry in /proc/[0-9]*/fd/*; do
    [[ $entry -ef $1 ]] || continue
    process=${entry#/proc/}
    process=${process%%/*}
    if grep -qs '^lock:' "/proc/$process/fdinfo/${entry##*/}"; then
      printf 'process %s (%s)' "$process" "$(tr '\0' ' ' <"/proc/$process/cmdline" | head -c 200)"
      return 0
    fi
  done
  printf 'a process of another user'
}
