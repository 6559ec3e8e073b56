#!/usr/bin/env bash
# shellcheck disable=SC2034 # What only another layout's steps would use stands here too.
#
# Prepares this node for the model "qwen2.5-7b" and starts its service.
# The weights are copied to this node's disk once, and every start reads them there.
# It sets the read-ahead of all of vda to 8192 KiB, as it was measured, and changes no other setting.
#
# Written by coldload bootstrap, from run "reference" of scenario "reference".
# Why, each with the cases or the part of the result document that it rests on:
#
# - restarts read the copy: 1.19 s each [nfs-to-disk/parallel/stream/cold]
# - the first start copies: 16.0 s [nfs-to-disk/parallel/stream/first-start]
# - a load from a filled page cache takes 1.08 s less; filling it takes one cold read first
#   [nfs-to-disk/parallel/stream/warm, nfs-to-disk/parallel/stream/cold]
# - the user-facing limit of 5.00 s is met with 1.19 s at a restart; weights only: the engine's own start is not known
#   [nfs-to-disk/parallel/stream/cold, scenario.policy]
# - the user-facing limit of 5.00 s is missed with 16.0 s at a first start; weights only: the engine's own start is not
#   known [nfs-to-disk/parallel/stream/first-start, scenario.policy]
# - the internal limit of 30.0 s is met with 1.19 s at a restart; weights only: the engine's own start is not known
#   [nfs-to-disk/parallel/stream/cold, scenario.policy]
# - the internal limit of 30.0 s is met with 16.0 s at a first start; weights only: the engine's own start is not known
#   [nfs-to-disk/parallel/stream/first-start, scenario.policy]
# - the dev/test limit of 2 min 0 s is met with 1.19 s at a restart; weights only: the engine's own start is not known
#   [nfs-to-disk/parallel/stream/cold, scenario.policy]
# - the dev/test limit of 2 min 0 s is met with 16.0 s at a first start; weights only: the engine's own start is not
#   known [nfs-to-disk/parallel/stream/first-start, scenario.policy]
#
# --help tells what it takes and what its exit statuses mean.
set -Eeuo pipefail

readonly MODEL_NAME='qwen2.5-7b'
readonly MODEL_BYTES=2646113984
readonly SOURCE='nfs://10.77.0.2/models/qwen2.5-7b'
readonly SOURCE_IS_URL='yes'
readonly SOURCE_OPTIONS=()
readonly TARGET_ROOT='/srv/coldload-reference/disk/coldload-models'
readonly RESERVE_BYTES=1073741824
readonly KEEP_VERSIONS=2
readonly COPY_TIMEOUT_S=108
readonly MOUNT_DIRECTORIES=('/srv/coldload-reference/disk')
readonly MOUNT_POINTS=('/')
readonly MOUNT_TYPES=('ext4')
readonly MOUNT_SOURCES=('/dev/vda')
readonly READ_AHEAD_DEVICE='vda'
readonly READ_AHEAD_BYTES=8388608
readonly SERVICE_ARGV=('vllm' 'serve' '{model}' '--port' '{port}')
readonly ENGINE_FLAGS=()
readonly SERVICE_PORT=8000
readonly HEALTH_PATH='/health'
readonly READY_TIMEOUT_S=600

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

# ---- the mounts that the numbers hold for -----------------------------------------------------------------------------

REQUIRED_TOOLS+=(findmnt stat timeout)

check_mounts() {
  local index
  for index in "${!MOUNT_DIRECTORIES[@]}"; do
    check_mount "${MOUNT_DIRECTORIES[index]}" "${MOUNT_POINTS[index]}" "${MOUNT_TYPES[index]}" \
      "${MOUNT_SOURCES[index]}"
  done
}

# Sets DIRECTORY_STATE: directory, absent, hung, or what else stands there. The "/." mounts what is mounted on demand.
look_at_directory() {
  local status=0
  timeout --kill-after=5 "$ANSWER_TIMEOUT_S" stat --format=%F -- "$1/." >/dev/null 2>&1 || status=$?
  case $status in
    0) DIRECTORY_STATE=directory ;;
    124 | 137) DIRECTORY_STATE=hung ;;
    *) if [[ -e $1 ]]; then DIRECTORY_STATE=other; else DIRECTORY_STATE=absent; fi ;;
  esac
}

# mount_column NAME DIRECTORY: of the topmost mount that the directory lies on; findmnt writes odd bytes as \xNN.
mount_column() {
  local found
  found=$(timeout --kill-after=5 "$ANSWER_TIMEOUT_S" findmnt --noheadings --raw --output "$1" --target "$2" | tail -n 1)
  printf '%b' "$found"
}

# check_mount DIRECTORY MOUNT_POINT TYPE SOURCE: where a mount is missing, its directory is there all the same, empty and
# on the file system below.
check_mount() {
  local directory=$1 looked_at=$1 point type source
  while [[ $directory == "$MAKES_DIRECTORY" && ! -e $looked_at && $looked_at == /*/* ]]; do
    looked_at=${looked_at%/*}
  done
  look_at_directory "$looked_at"
  case $DIRECTORY_STATE in
    directory) ;;
    hung) fail "$STATUS_MOUNT" "$directory does not answer within $ANSWER_TIMEOUT_S s: is its server there?" ;;
    absent) fail "$STATUS_MOUNT" "$directory is not there; it was measured on $3 at ${2:-an unknown place}" ;;
    *) fail "$STATUS_MOUNT" "$directory is no directory, or may not be looked at" ;;
  esac
  point=$(mount_column TARGET "$looked_at")
  type=$(mount_column FSTYPE "$looked_at")
  source=$(mount_column SOURCE "$looked_at")
  if [[ -n $2 && $point != "$2" ]]; then
    fail "$STATUS_MOUNT" "$2 is not mounted: $directory lies on $type at $point, and was measured on $3 from $4"
  fi
  if [[ -n $3 && $type != "$3" ]]; then
    fail "$STATUS_MOUNT" "$directory lies on $type at $point, and was measured on $3: the numbers do not hold for it"
  fi
  [[ -n $4 && $source != "$4" ]] || return 0
  if [[ -z $2 ]]; then
    fail "$STATUS_MOUNT" "$directory lies on $source at $point, and was measured on $4"
  fi
  warn "$point is $source now, and was $4 when it was measured"
}

# ---- staging: from the source to TARGET_ROOT/MODEL_NAME/VERSION --------------------------------------------------------

REQUIRED_TOOLS+=(awk chmod comm cut dd df find flock ln mkdir mktemp mv readlink sed sha256sum sort stat sync tail tee wc)
MAKES_DIRECTORY=$TARGET_ROOT
readonly MODEL_ROOT=$TARGET_ROOT/$MODEL_NAME
CURRENT_COPY="" # the copy that is found or made

# Only one at a time prepares; held until the service has read the model, so that nothing moves below it.
lock_target() {
  if ! dry_run; then mkdir -p -- "$MODEL_ROOT"; fi
  refuse_foreign_root
  [[ -d $MODEL_ROOT ]] || return 0
  lock "$MODEL_ROOT" "the lock of $MODEL_ROOT"
  TARGET_LOCK=$LOCK_FD
  if ! dry_run; then sweep_partials; fi
}

# Directories of others may lie beside our copies; files say that the place itself is somebody's model.
refuse_foreign_root() {
  [[ -e $MODEL_ROOT || -L $MODEL_ROOT ]] || return 0
  if [[ ! -d $MODEL_ROOT || -L $MODEL_ROOT ]]; then
    fail "$STATUS_FOREIGN" "$MODEL_ROOT is no directory of its own; it was left as it is"
  fi
  local entry
  for entry in "$MODEL_ROOT"/* "$MODEL_ROOT"/.[!.]*; do
    [[ -e $entry || -L $entry ]] || continue
    [[ -L $entry && ${entry##*/} == @(current|.current.new) ]] && continue
    if [[ ! -d $entry || -L $entry ]]; then
      fail "$STATUS_FOREIGN" "$MODEL_ROOT holds ${entry##*/}, which is not ours: the directory was left as it is; name another place or move it away"
    fi
  done
  entry=$MODEL_ROOT/current
  if [[ -e $entry && ! -L $entry ]] || { [[ -L $entry && -e $entry ]] && ! is_ours "$(readlink -f -- "$entry")"; }; then
    fail "$STATUS_FOREIGN" "$entry does not lead to a copy of ours; it was left as it is"
  fi
}

stage_model() {
  find_coldload
  look_at_source
  find_copy
  if [[ -n $CURRENT_COPY ]]; then
    say "already there: $CURRENT_COPY"
    verify_copy
  fi
  if [[ -z $CURRENT_COPY ]]; then make_copy; fi
  make_current
}

# Sets VERSION, SOURCE_BYTES and, where it can be listed here, $SCRATCH/source with "BYTES NAME" lines.
look_at_source() {
  SOURCE_BYTES=$MODEL_BYTES
  if [[ $SOURCE_IS_URL == yes ]]; then
    # Behind a URL the version is the URL: its objects carry no date that is the same for every tool.
    VERSION=url-$(printf '%s' "$SOURCE" | sha256sum | cut -c 1-16)
    if [[ -z $COLDLOAD_PROGRAM ]]; then list_by_rclone; fi
    return 0
  fi
  local bytes name weights=0
  run_child "$COPY_TIMEOUT_S" list_directory
  [[ $CHILD_STATUS -eq 0 ]] || fail "$STATUS_COPY" "$SOURCE: $CHILD_MESSAGE"
  VERSION=$(sha256sum <"$SCRATCH/out" | cut -c 1-16)
  sed 's/^\([0-9]*\) [^ ]* /\1 /' "$SCRATCH/out" >"$SCRATCH/source"
  SOURCE_BYTES=0
  while IFS=' ' read -r bytes name; do
    SOURCE_BYTES=$((SOURCE_BYTES + bytes))
    if [[ $name == *.safetensors ]]; then weights=$((weights + bytes)); fi
  done <"$SCRATCH/source"
  if ((weights < MODEL_BYTES || weights == 0)); then
    fail "$STATUS_MODEL" "$SOURCE holds $weights bytes of weights, and $MODEL_BYTES were measured: it is not whole and was not copied"
  fi
  ((weights == MODEL_BYTES)) || warn "$SOURCE holds $weights bytes of weights, and $MODEL_BYTES were measured"
}

# Lines "BYTES TIME NAME", sorted; links are followed, as a Hugging Face cache consists of them.
list_directory() {
  cd -- "$SOURCE" || return 1
  if [[ -n $(find -L . -name '*[[:cntrl:]]*' -print -quit) ]]; then
    printf 'a file has a control character in its name\n' >&2
    return 1
  fi
  find -L . -type f "${NOT_MANIFESTS[@]}" -printf '%s %T@ %P\n' | sort --key=3
}

# Looks for a whole copy of VERSION: VERSION itself, or VERSION.N where an earlier one was found corrupt. Sets CURRENT_COPY, or
# leaves it empty; what is ours and not whole is left in CORRUPT_COPIES.
find_copy() {
  local copy
  CURRENT_COPY=""
  CORRUPT_COPIES=()
  for copy in "$MODEL_ROOT/$VERSION" "$MODEL_ROOT/$VERSION".[0-9]*; do
    [[ -e $copy || -L $copy ]] || continue
    is_ours "$copy" || fail "$STATUS_FOREIGN" "$copy carries no manifest of ours; it was left as it is"
    if ! is_whole "$copy" || ! same_as_source; then
      warn "$copy is not as its manifest says, or not as its source is now"
      CORRUPT_COPIES+=("$copy")
    elif [[ -z $CURRENT_COPY || $copy -ef $MODEL_ROOT/current ]]; then
      CURRENT_COPY=$copy
    fi
  done
}

# Where a copy goes: beside a corrupt one, never over it.
name_of_copy() {
  local number=0
  COPY_NAME=$VERSION
  while [[ -e $MODEL_ROOT/$COPY_NAME || -L $MODEL_ROOT/$COPY_NAME ]]; do
    number=$((number + 1))
    COPY_NAME=$VERSION.$number
  done
}

# A directory's listing is its version. Behind a URL, where it could be listed, MANIFEST must name the same files.
same_as_source() {
  [[ $SOURCE_IS_URL == yes && -f $SCRATCH/source ]] || return 0
  [[ -z $(comm -3 <(planned_files) <(sort "$SCRATCH/source")) ]]
}

# Reads a copy back where that is asked for. Leaves CURRENT_COPY empty where it must be made anew.
verify_copy() {
  if [[ $SOURCE_IS_URL == yes && -n $COLDLOAD_PROGRAM && $VERIFY == no ]]; then refresh_copy; fi
  [[ $VERIFY == yes ]] || return 0
  if dry_run; then
    say "would read $CURRENT_COPY back and compare its digests"
    return 0
  fi
  is_ours "$CURRENT_COPY"
  if [[ ${MANIFEST##*/} == "$OWN_MANIFEST" ]]; then
    run_child "$COPY_TIMEOUT_S" compare_sums "$CURRENT_COPY"
  elif [[ -n $COLDLOAD_PROGRAM ]]; then
    stage "$CURRENT_COPY" --verify
  else
    fail "$STATUS_TOOL" "$CURRENT_COPY was made by coldload, which alone can verify it and is not here"
  fi
  case $CHILD_STATUS in
    0) say "verified: $CURRENT_COPY" ;;
    5)
      warn "$CURRENT_COPY is corrupt: $CHILD_MESSAGE"
      CORRUPT_COPIES+=("$CURRENT_COPY")
      CURRENT_COPY=""
      ;;
    *) fail "$STATUS_COPY" "$CURRENT_COPY could not be verified: $CHILD_MESSAGE" ;;
  esac
}

# Only coldload knows what is behind the URL now. It replaces a copy that differs, so one in use is not looked at.
refresh_copy() {
  if dry_run; then return 0; fi
  if in_use "$CURRENT_COPY"; then
    warn "whether $SOURCE has changed was not looked at: of its copy, $USER_TEXT"
    return 0
  fi
  stage "$CURRENT_COPY"
  [[ $CHILD_STATUS -eq 0 ]] || fail "$STATUS_COPY" "$SOURCE could not be compared with its copy: $CHILD_MESSAGE"
}

make_copy() {
  name_of_copy
  local copy=$MODEL_ROOT/$COPY_NAME
  check_space
  if dry_run; then
    if [[ $SOURCE_IS_URL == yes && -n $COLDLOAD_PROGRAM ]]; then
      # The model's directory may have yet to be made; what is asked needs one that is there.
      local asked=$copy
      if [[ ! -d $MODEL_ROOT ]]; then asked=$(nearest_directory)/.$COPY_NAME.planned; fi
      stage "$asked" --dry-run
      [[ $CHILD_STATUS -eq 0 ]] || fail "$STATUS_COPY" "$SOURCE cannot be copied: $CHILD_MESSAGE"
    fi
    say "would copy $SOURCE_BYTES bytes from $SOURCE to $copy"
    CURRENT_COPY=$copy
    return 0
  fi
  say "copying $SOURCE_BYTES bytes from $SOURCE to $copy"
  if [[ -n $COLDLOAD_PROGRAM ]]; then
    copy_by_coldload "$copy"
  else
    copy_by_hand "$copy"
  fi
  CURRENT_COPY=$copy
  say "copied and verified: $copy"
}

# The last on the way to the copies that is there; "" is the root.
nearest_directory() {
  local place=$MODEL_ROOT
  while [[ ! -d $place && -n $place ]]; do place=${place%/*}; done
  printf '%s' "$place"
}

check_space() {
  local free place
  place=$(nearest_directory)
  free=$(df --block-size=1 --output=avail -- "${place:-/}" | tail -n 1)
  if ((free < SOURCE_BYTES + RESERVE_BYTES)); then
    fail "$STATUS_SPACE" "${place:-/} has $((free)) bytes free, and the copy takes $SOURCE_BYTES beside a reserve of $RESERVE_BYTES; nothing was copied"
  fi
}

# The link changes in one step: who opens it meets the older copy or this one.
make_current() {
  local link=$MODEL_ROOT/current corrupt
  CURRENT_MODEL=$link
  if [[ $(readlink -- "$link" || true) != "${CURRENT_COPY##*/}" ]]; then
    if dry_run; then
      say "would make $CURRENT_COPY the current one"
      return 0
    fi
    ln -sfnT -- "${CURRENT_COPY##*/}" "$MODEL_ROOT/.current.new"
    mv -T -- "$MODEL_ROOT/.current.new" "$link"
    sync -f "$MODEL_ROOT"
    say "current: $CURRENT_COPY"
  fi
  for corrupt in "${CORRUPT_COPIES[@]+"${CORRUPT_COPIES[@]}"}"; do remove_copy "$corrupt"; done
}

# ---- staging: how the bytes come ---------------------------------------------------------------------------------------

list_by_rclone() {
  if [[ $SOURCE != s3://* ]] || ! command -v rclone >/dev/null; then
    fail "$STATUS_TOOL" "$SOURCE can be read by coldload, or by rclone where it is s3://, and neither is here: install one, or set COLDLOAD"
  fi
  run_child "$COPY_TIMEOUT_S" rclone_s3 lsf --recursive --files-only --format sp --separator ' ' ":s3:${SOURCE#s3://}"
  [[ $CHILD_STATUS -eq 0 ]] || fail "$STATUS_COPY" "$SOURCE: $CHILD_MESSAGE"
  sort --key=2 "$SCRATCH/out" >"$SCRATCH/source"
  SOURCE_BYTES=$(awk '{ sum += $1 } END { printf "%d", sum }' "$SCRATCH/source")
  ((SOURCE_BYTES >= MODEL_BYTES)) || fail "$STATUS_MODEL" "$SOURCE holds $SOURCE_BYTES bytes, and $MODEL_BYTES were measured: it is not whole and was not copied"
}

# What the scenario said of the source, or nothing: source_option NAME
source_option() {
  local option
  for option in "${SOURCE_OPTIONS[@]+"${SOURCE_OPTIONS[@]}"}"; do
    if [[ $option == "$1="* ]]; then printf '%s' "${option#*=}"; fi
  done
}

# The same server that coldload takes, and the node's credentials.
rclone_s3() {
  local endpoint region certificates proxy settings
  endpoint=$(source_option endpoint)
  endpoint=${endpoint:-${AWS_ENDPOINT_URL_S3:-${AWS_ENDPOINT_URL:-}}}
  region=$(source_option region)
  region=${region:-${AWS_REGION:-${AWS_DEFAULT_REGION:-}}}
  certificates=$(source_option ca_file)
  proxy=$(source_option proxy)
  # rclone takes the certificates of AWS_CA_BUNDLE by another name only.
  settings=(RCLONE_CONFIG=/dev/null RCLONE_S3_LIST_VERSION=2 RCLONE_S3_ENDPOINT="$endpoint" RCLONE_CA_CERT="${certificates:-${AWS_CA_BUNDLE:-}}")
  if [[ -n $endpoint ]]; then settings+=(RCLONE_S3_PROVIDER=Other); else settings+=(RCLONE_S3_PROVIDER=AWS); fi
  if [[ $(source_option anonymous) == true ]]; then settings+=(RCLONE_S3_ENV_AUTH=false); else settings+=(RCLONE_S3_ENV_AUTH=true); fi
  if [[ -n $region ]]; then settings+=(RCLONE_S3_REGION="$region"); fi
  if [[ $(source_option addressing) == virtual ]]; then settings+=(RCLONE_S3_FORCE_PATH_STYLE=false); fi
  case $proxy in
    "") ;;
    none) settings+=(NO_PROXY="*") ;;
    *) settings+=(HTTP_PROXY="$proxy" HTTPS_PROXY="$proxy" NO_PROXY="" no_proxy="") ;;
  esac
  env -u AWS_CA_BUNDLE "${settings[@]}" rclone --quiet --retries 3 "$@"
}

# stage DIRECTORY [OPTION...]: coldload's copy of the source, asked as it was measured.
stage() {
  local option asked=(--reserve "$RESERVE_BYTES B")
  for option in "${SOURCE_OPTIONS[@]+"${SOURCE_OPTIONS[@]}"}"; do asked+=(--option "$option"); done
  run_child "$COPY_TIMEOUT_S" "$COLDLOAD_PROGRAM" stage "$SOURCE" "$@" "${asked[@]}"
}

copy_by_coldload() {
  stage "$1" --verify
  [[ $CHILD_STATUS -ne 5 ]] || fail "$STATUS_CORRUPT" "the copy $1 differs from its source: $CHILD_MESSAGE"
  [[ $CHILD_STATUS -eq 0 ]] || fail "$STATUS_COPY" "$SOURCE could not be copied to $1: $CHILD_MESSAGE"
}

# Into a directory beside it, read back, made durable, and put in place by one rename.
copy_by_hand() {
  PARTIAL=$(mktemp -d "$MODEL_ROOT/.$COPY_NAME.XXXXXXXX.partial")
  chmod 755 "$PARTIAL"
  # What is to come, first: a run that is killed now leaves what the next one knows as ours.
  write_manifest "$PARTIAL" <(sed 's/^/- /' "$SCRATCH/source") partial
  if [[ $SOURCE_IS_URL == yes ]]; then
    run_child "$COPY_TIMEOUT_S" copy_by_rclone "$PARTIAL"
  else
    run_child "$COPY_TIMEOUT_S" copy_files "$PARTIAL"
  fi
  [[ $CHILD_STATUS -eq 0 ]] || fail "$STATUS_COPY" "$SOURCE could not be copied to $1: $CHILD_MESSAGE"
  write_manifest "$PARTIAL" "$SCRATCH/out" complete
  run_child "$COPY_TIMEOUT_S" compare_sums "$PARTIAL"
  [[ $CHILD_STATUS -eq 0 ]] || fail "$STATUS_CORRUPT" "the copy of $SOURCE differs from it, and was removed: $CHILD_MESSAGE"
  sync -f "$PARTIAL"
  mv -T -- "$PARTIAL" "$1"
  PARTIAL=""
  sync -f "$MODEL_ROOT"
}

# write_manifest DIRECTORY LINES(DIGEST BYTES NAME) WORD
write_manifest() {
  {
    printf 'coldload-bootstrap-manifest 1\n'
    sed 's/^/file /' "$2"
    printf '%s %s\n' "$3" "$(wc -l <"$SCRATCH/source")"
  } >"$1/$OWN_MANIFEST.new"
  mv -T -- "$1/$OWN_MANIFEST.new" "$1/$OWN_MANIFEST"
}

# umask_for FILE: the umask in which a copy of it grants others no more than it does itself.
umask_for() {
  local mode
  mode=$(stat -L --format=%a -- "$1") || return 1
  printf '%04o' $(($(umask) | (8#77 & ~8#$mode) | 8#133))
}

# Digests are of what was read from the source, and taken while it passes: it is read once.
copy_files() {
  local bytes name sum mask
  while IFS= read -r name; do
    bytes=${name%% *}
    name=${name#* }
    if [[ $name == */* ]]; then mkdir -p -- "$1/${name%/*}" || return 1; fi
    mask=$(umask_for "$SOURCE/$name") || return 1
    sum=$(umask "$mask" && tee -- "$1/$name" <"$SOURCE/$name" | sha256sum) || return 1
    printf '%s %s %s\n' "${sum%% *}" "$bytes" "$name"
  done <"$SCRATCH/source"
  sync -f "$1"
}

# rclone compares each object with the server's digest as it comes; ours are of what it wrote.
copy_by_rclone() {
  local bytes name sum
  rclone_s3 copy ":s3:${SOURCE#s3://}" "$1" >&2 || return 1
  while IFS= read -r name; do
    bytes=${name%% *}
    name=${name#* }
    sum=$(sha256sum <"$1/$name") || return 1
    printf '%s %s %s\n' "${sum%% *}" "$bytes" "$name"
  done <"$SCRATCH/source"
  sync -f "$1"
}

# compare_sums DIRECTORY: reads a copy from the disk, not from memory; 5 where a file differs from our manifest.
compare_sums() {
  local line sum name
  sed -n 's/^file //p' "$1/$OWN_MANIFEST" | while IFS= read -r line; do
    name=${line#* }
    name=${name#* }
    dd if="$1/$name" iflag=nocache count=0 status=none || return 1
    sum=$(sha256sum <"$1/$name") || return 1
    if [[ ${sum%% *} != "${line%% *}" || $(stat --format=%s -- "$1/$name") != "$(cut -d ' ' -f 2 <<<"$line")" ]]; then
      printf '%s has another digest or size\n' "$name" >&2
      return 5
    fi
  done
}

# ---- copies on the disk: which are ours, whole, in use -----------------------------------------------------------------

REQUIRED_TOOLS+=(awk comm cut find flock grep head rm rmdir sed sort stat tr)
readonly OWN_MANIFEST=.coldload-bootstrap-manifest COLDLOAD_MANIFEST=.coldload-manifest
NOT_MANIFESTS=(! -path "./$OWN_MANIFEST" ! -path "./$COLDLOAD_MANIFEST")

# Whether a directory carries a manifest of ours or of `coldload stage`. Sets MANIFEST.
is_ours() {
  local name first
  MANIFEST=""
  [[ -d $1 && ! -L $1 ]] || return 1
  for name in "$OWN_MANIFEST" "$COLDLOAD_MANIFEST"; do
    [[ -f $1/$name && ! -L $1/$name ]] || continue
    IFS= read -r first <"$1/$name" || continue
    if [[ $first == "coldload-bootstrap-manifest 1" || $first == "coldload-manifest 1" ]]; then
      MANIFEST=$1/$name
      return 0
    fi
  done
  return 1
}

# "BYTES NAME" of every file that MANIFEST names.
planned_files() { sed -n 's/^file [^ ]* \([0-9][0-9]* .*\)$/\1/p' "$MANIFEST" | sort; }
# "BYTES NAME" of every file in a copy; a link or a device has no size here and so is none of ours.
present_files() {
  (cd -- "$1" && find . -mindepth 1 ! -type d "${NOT_MANIFESTS[@]}" \( -type f -printf '%s %P\n' -o -printf '%y %P\n' \)) | sort
}

# Whether a copy of ours has every file of its manifest in its size.
is_whole() {
  is_ours "$1" || return 1
  grep -qE '^complete [0-9]+$' "$MANIFEST" || return 1
  [[ -z $(comm -23 <(planned_files) <(present_files "$1")) ]]
}

# One line a process that has files of a directory open or mapped, works in it or has it mounted. By device and inode:
# inside a container the same file has another path.
list_users() {
  local device numbers
  device=$(stat --format=%d -- "$1")
  numbers=$(printf '%02x:%02x' $(((device >> 8 & 0xfff) | (device >> 32 & ~0xfff))) $(((device & 0xff) | (device >> 12 & ~0xff))))
  {
    find "$1" -printf 'ours %i\n'
    # Processes that end meanwhile are no failure.
    find -L /proc/[0-9]*/fd /proc/[0-9]*/cwd /proc/[0-9]*/root -maxdepth 1 -printf 'open %H %D %i\n' || true
    grep -s -H -F " $numbers " /proc/[0-9]*/maps | sed 's/^\(\/proc\/[0-9]*\/maps\):/maps \1 /' || true
    numbers="$((16#${numbers%:*})):$((16#${numbers#*:}))"
    grep -s -H -F " $numbers " /proc/[0-9]*/mountinfo | sed 's/^\(\/proc\/[0-9]*\/mountinfo\):/mount \1 /' || true
  } | awk -v device="$device" -v name="/${1##*/}/" '
    function user(path) { split(path, part, "/"); if (!(part[3] in told)) { told[part[3]] = 1; print part[3] } }
    $1 == "ours" { inode[$2] = 1 }
    $1 == "open" && $3 == device && ($4 in inode) { user($2) }
    $1 == "maps" && ($7 in inode) { user($2) }
    $1 == "mount" && index($6 "/", name) { user($2) }'
}

# Whether a process uses a copy. Sets USER_TEXT. Where it cannot be known, it does.
in_use() {
  run_child "$ANSWER_TIMEOUT_S" list_users "$1"
  if [[ $CHILD_STATUS -ne 0 ]]; then
    USER_TEXT="whether it is in use cannot be told ($CHILD_MESSAGE)"
  elif [[ -s $SCRATCH/out ]]; then
    USER_TEXT="it is in use by process $(sed -n 1p "$SCRATCH/out")"
  elif grep -v "'/proc/1/" "$SCRATCH/err" | grep -q 'Permission denied'; then # init is hidden from root too, in a sandbox
    USER_TEXT="whether another user's process uses it only root can tell"
  else
    return 1
  fi
}

# Removes a copy of ours that nobody uses and that holds nothing else; says why where it does not. The manifest goes last,
# so that what a killed removal leaves is still known as ours.
remove_copy() {
  local others
  is_ours "$1" || return 0
  others=$(comm -13 <(planned_files | cut -d ' ' -f 2- | sort) <(present_files "$1" | cut -d ' ' -f 2- | sort) | sed -n 1p)
  if [[ -n $others ]]; then
    warn "$1 stays: it holds $others, which is not ours"
  elif in_use "$1"; then
    warn "$1 stays: $USER_TEXT"
  elif dry_run; then
    say "would remove $1"
  else
    (cd -- "$1" && find . -mindepth 1 "${NOT_MANIFESTS[@]}" -delete)
    rm -f -- "$1/$OWN_MANIFEST" "$1/$COLDLOAD_MANIFEST"
    rmdir -- "$1"
    say "removed $1"
  fi
}

# What an earlier run that was killed left behind: its own manifest says so, and nobody holds its lock.
sweep_partials() {
  local partial
  for partial in "$MODEL_ROOT"/.*.partial; do
    if is_ours "$partial" && flock --nonblock "$partial" true; then remove_copy "$partial"; fi
  done
}

# Keeps the current copy and the newest others, KEEP_VERSIONS in all.
prune_versions() {
  local kept=1 line copy
  [[ -d $MODEL_ROOT ]] || return 0
  while IFS= read -r -d '' line; do
    copy=${line#* }
    if [[ $copy -ef $CURRENT_COPY ]] || ! is_ours "$copy"; then continue; fi
    kept=$((kept + 1))
    if ((kept > KEEP_VERSIONS)); then remove_copy "$copy"; fi
  done < <(find "$MODEL_ROOT" -mindepth 2 -maxdepth 2 ! -path "*/.*.partial/*" \
    \( -name "$OWN_MANIFEST" -o -name "$COLDLOAD_MANIFEST" \) -printf '%T@ %h\0' | sort --zero-terminated --reverse --numeric-sort)
}

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

# ---- the page cache, filled before the service starts -----------------------------------------------------------------

REQUIRED_TOOLS+=(awk cat find sort)

# A cold cache costs time and breaks nothing: what goes wrong here is told and not a failure.
warm_model() {
  [[ -n $CURRENT_MODEL ]] || return 0
  if dry_run; then
    say "would fill the page cache with $CURRENT_MODEL"
    return 0
  fi
  find_coldload
  if [[ -n $COLDLOAD_PROGRAM ]]; then
    run_child "$COPY_TIMEOUT_S" "$COLDLOAD_PROGRAM" warm "$CURRENT_MODEL"
    # 3: not all of it fits.
    case $CHILD_STATUS in
      0) say "page cache: filled with the model, by coldload" ;;
      3) warn "page cache: not all of the model fits or stayed; coldload warm $CURRENT_MODEL tells more" ;;
      *) warn "page cache: not filled: $CHILD_MESSAGE" ;;
    esac
    return 0
  fi
  warm_shards
}

# Whole shards in the order of their names, as far as 0.8 of the free memory goes.
warm_shards() {
  local room line fitting=() left_out=0
  room=$(free_memory_bytes)
  room=$((room * 8 / 10))
  while IFS= read -r -d '' line; do
    if ((${line%% *} <= room)); then
      room=$((room - ${line%% *}))
      fitting+=("$CURRENT_MODEL/${line#* }")
    else
      left_out=$((left_out + 1))
    fi
  done < <(find -L "$CURRENT_MODEL" -type f -name '*.safetensors' -printf '%s %P\0' | sort --zero-terminated --key=2)
  [[ $left_out -eq 0 ]] || warn "page cache: $left_out of $((left_out + ${#fitting[@]})) shards do not fit into memory and stay cold"
  [[ ${#fitting[@]} -gt 0 ]] || return 0
  if command -v vmtouch >/dev/null; then
    run_child "$COPY_TIMEOUT_S" vmtouch -q -t -- "${fitting[@]}"
  else
    run_child "$COPY_TIMEOUT_S" read_through "${fitting[@]}"
  fi
  if [[ $CHILD_STATUS -eq 0 ]]; then
    say "page cache: filled with ${#fitting[@]} shards"
  else
    warn "page cache: not filled: $CHILD_MESSAGE"
  fi
}

read_through() { cat -- "$@" >/dev/null; }

# What the machine has, and no more than the cgroup leaves where it has a limit.
free_memory_bytes() {
  local free group max used
  free=$(awk '$1 == "MemAvailable:" { printf "%d", $2 * 1024 }' /proc/meminfo)
  group=/sys/fs/cgroup$(awk -F: '$1 == "0" { print $3 }' /proc/self/cgroup)
  max=$(cat "$group/memory.max" 2>/dev/null) || max=max
  used=$(cat "$group/memory.current" 2>/dev/null) || used=0
  if [[ $max != max ]] && ((max - used < free)); then free=$((max > used ? max - used : 0)); fi
  printf '%s' "$free"
}

# ---- the service ------------------------------------------------------------------------------------------------------

REQUIRED_TOOLS+=(flock grep head mkdir timeout tr "${SERVICE_ARGV[0]}")
readonly POLL_S=0.2

service_wanted() { [[ $PREPARE_ONLY == no ]]; }

# One service a model and port on this machine: the second instance leaves before it does anything.
lock_service() {
  service_wanted || return 0
  if [[ -n ${NOTIFY_SOCKET:-} ]] && ! command -v systemd-notify >/dev/null; then
    fail "$STATUS_TOOL" "systemd waits for a word (NOTIFY_SOCKET is set), and systemd-notify is not here"
  fi
  local directory=${RUNTIME_DIRECTORY:-}
  if [[ -z $directory && $EUID -eq 0 ]]; then directory=/run/coldload-bootstrap; fi
  directory=${directory:-${XDG_RUNTIME_DIR:-}}
  [[ -n $directory ]] || fail "$STATUS_LOCKED" "no place for the lock: neither root nor XDG_RUNTIME_DIR; set RUNTIME_DIRECTORY"
  local file="$directory/$MODEL_NAME.$SERVICE_PORT.lock"
  if dry_run && [[ ! -e $file ]]; then return 0; fi
  if [[ ! -e $file ]]; then
    mkdir -p -- "$directory"
    : >>"$file"
  fi
  lock "$file" "the service's lock $file"
}

start_service() {
  if ! service_wanted; then
    print_model
    return 0
  fi
  service_command
  if dry_run; then
    say "would start:$(printf ' %q' "${SERVICE_COMMAND[@]}")"
    return 0
  fi
  if port_answers; then
    fail "$STATUS_LOCKED" "port $SERVICE_PORT is taken: something answers there already, and its health would pass for the service's"
  fi
  say "starting ${SERVICE_COMMAND[0]}"
  start_child launch "${SERVICE_COMMAND[@]}"
  wait_until_ready
  release_target
  tell_systemd
  local status=0
  wait "$CHILD_PID" 2>/dev/null || status=$?
  end_child # whatever of its group outlived it
  say "the service ended with status $status"
  exit "$status"
}

# The port first: what {model} becomes is not looked through again.
service_command() {
  SERVICE_COMMAND=()
  local argument
  for argument in "${SERVICE_ARGV[@]}" "${ENGINE_FLAGS[@]+"${ENGINE_FLAGS[@]}"}"; do
    if [[ $argument == *'{model}'* && -z $CURRENT_MODEL ]]; then
      fail "$STATUS_MODEL" "the service's arguments ask for the model's directory, and no path leads to it"
    fi
    argument=${argument//'{port}'/"$SERVICE_PORT"}
    SERVICE_COMMAND+=("${argument//'{model}'/"$CURRENT_MODEL"}")
  done
}

# The service gets the caller's language and says nothing to systemd in our place; the locks stay ours alone.
launch() {
  trap - ERR EXIT HUP INT TERM
  if [[ -v INHERITED_LC_ALL ]]; then export LC_ALL=$INHERITED_LC_ALL; else unset LC_ALL; fi
  unset NOTIFY_SOCKET
  local descriptor
  for descriptor in "${LOCK_FDS[@]}"; do exec {descriptor}<&-; done
  exec "$@"
}

port_answers() {
  [[ $SERVICE_PORT -gt 0 ]] || return 1
  (exec 3<>"/dev/tcp/127.0.0.1/$SERVICE_PORT") 2>/dev/null
}

# Bounded; fails, and ends the service, where it does not become ready.
wait_until_ready() {
  if [[ -z $HEALTH_PATH || $SERVICE_PORT -eq 0 ]]; then
    say "no health address is known: started, and not waited for"
    return 0
  fi
  local began=$SECONDS status
  until healthy; do
    if ! kill -0 "$CHILD_PID" 2>/dev/null; then
      status=0
      wait "$CHILD_PID" 2>/dev/null || status=$?
      end_child
      fail "$STATUS_ENDED" "the service ended with status $status after $((SECONDS - began)) s, before it was ready"
    fi
    if ((SECONDS - began >= READY_TIMEOUT_S)); then
      end_child
      fail "$STATUS_NOT_READY" "the service was not ready within $READY_TIMEOUT_S s: $HEALTH_PATH on port $SERVICE_PORT; it was ended"
    fi
    sleep "$POLL_S"
  done
  say "ready after $((SECONDS - began)) s: $HEALTH_PATH on port $SERVICE_PORT, process $CHILD_PID"
}

# A status of 2xx. Without curl bash asks by itself.
healthy() {
  local line=""
  if command -v curl >/dev/null; then
    line=$(curl --silent --globoff --noproxy '*' --max-time 2 --output /dev/null --write-out 'HTTP/1.1 %{http_code}' -- \
      "http://127.0.0.1:$SERVICE_PORT$HEALTH_PATH" 2>/dev/null) || return 1
  else
    # shellcheck disable=SC2016
    line=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" "$2" >&3 &&
      IFS= read -r line <&3 && printf "%s" "$line"' bash "$SERVICE_PORT" "$HEALTH_PATH" 2>/dev/null) || return 1
  fi
  [[ $line =~ ^HTTP/[0-9.]+\ 2[0-9][0-9] ]]
}

tell_systemd() {
  [[ -n ${NOTIFY_SOCKET:-} ]] || return 0
  systemd-notify --ready "--status=serving on port $SERVICE_PORT" || warn "systemd was not told that the service is ready"
}

main() {
  set_traps
  parse_arguments "$@"
  check_tools
  check_mounts
  lock_service
  lock_target
  stage_model
  prune_versions
  set_read_ahead
  warm_model
  start_service
}

main "$@"
