# shellcheck shell=bash disable=SC2034
# ---- the model that is read where it lies -----------------------------------------------------------------------------

REQUIRED_TOOLS+=(find)

check_model() {
  CURRENT_MODEL=$MODEL_DIRECTORY
  [[ -n $MODEL_DIRECTORY ]] || return 0
  run_child "$ANSWER_TIMEOUT_S" find -L "$MODEL_DIRECTORY" -type f -name '*.safetensors' -printf '%s\n'
  [[ $CHILD_STATUS -eq 0 ]] || fail "$STATUS_MODEL" "$MODEL_DIRECTORY: $CHILD_MESSAGE"
  local bytes total=0
  while read -r bytes; do total=$((total + bytes)); done <"$SCRATCH/out"
  [[ $total -gt 0 ]] || fail "$STATUS_MODEL" "$MODEL_DIRECTORY holds no *.safetensors"
  if [[ $total -lt $MODEL_BYTES ]]; then
    fail "$STATUS_MODEL" "$MODEL_DIRECTORY holds $total bytes of weights, and $MODEL_BYTES were measured: it is not whole"
  fi
  [[ $total -eq $MODEL_BYTES ]] || warn "$MODEL_DIRECTORY holds $total bytes of weights, and $MODEL_BYTES were measured"
  say "model: $MODEL_DIRECTORY, $total bytes of weights"
  [[ $VERIFY == no ]] || warn "--verify compares a copy with its digests, and here nothing was copied: no byte was compared"
}
