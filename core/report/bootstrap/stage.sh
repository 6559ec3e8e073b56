# shellcheck shell=bash disable=SC2034
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
