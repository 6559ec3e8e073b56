# shellcheck shell=bash disable=SC2034
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
