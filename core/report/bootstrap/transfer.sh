# shellcheck shell=bash disable=SC2034
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
