# shellcheck shell=bash disable=SC2034
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
