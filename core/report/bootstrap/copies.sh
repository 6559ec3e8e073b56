# shellcheck shell=bash disable=SC2034
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
