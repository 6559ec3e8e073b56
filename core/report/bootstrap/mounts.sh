# shellcheck shell=bash disable=SC2034
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
