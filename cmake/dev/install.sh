# shellcheck shell=bash
# Finds the Debian packages a command lacks, shows what installing them would change, and installs them.

install_mode=ask # or yes, never

may_install() { [[ $install_mode != never ]]; }

# The packages a set consists of, one a line.
package_set() {
  case $1 in
    build)
      printf '%s\n' g++ cmake ninja-build ccache pkg-config libboost1.81-dev libboost-json1.81-dev libfmt-dev \
        libtomlplusplus-dev libcli11-dev liburing-dev libxxhash-dev libcurl4-openssl-dev libssl-dev libpugixml-dev libnfs-dev
      ;;
    test)
      package_set build
      # clang and libc++ build the plugin that proves the boundary does not depend on the host's compiler.
      printf '%s\n' libgtest-dev libgmock-dev openssl python3 python3-jsonschema clang-19 libc++-19-dev libc++abi-19-dev
      # What the statistics and the exports are held against; SciPy itself: ensure_scipy.
      printf '%s\n' python3-numpy python3-decorator libblas3 liblapack3 liblbfgsb0 libgfortran5 libbenchmark-tools
      # What bootstrap scripts are checked with, and the tools they take where coldload is not there.
      printf '%s\n' shellcheck systemd curl rclone vmtouch e2fsprogs util-linux mount
      # Reads the Kubernetes manifest.
      printf '%s\n' python3-yaml
      # What the manual page and the completions are for.
      printf '%s\n' mandoc zsh
      # A browser that looks at reports.
      printf '%s\n' chromium
      package_set servers
      ;;
    servers)
      # Started on loopback and in network namespaces of their own, with their clients.
      printf '%s\n' iproute2 nginx-light nfs-ganesha nfs-ganesha-vfs libnfs-utils radosgw ceph-mon ceph-mgr ceph-osd \
        python3-botocore sshfs openssh-sftp-server socat
      ;;
    reference)
      package_set build
      package_set servers
      printf '%s\n' python3 chromium
      ;;
    package)
      package_set build
      printf '%s\n' dpkg-dev mmdebstrap umoci lintian python3
      ;;
    clang)
      package_set test
      ;;
    lint)
      package_set test
      printf '%s\n' clang-format-19 clang-tidy-19
      ;;
    format)
      printf '%s\n' clang-format-19
      ;;
    fuzz)
      package_set test
      printf '%s\n' libclang-rt-19-dev
      ;;
    bench)
      package_set build
      printf '%s\n' fio python3 curl iproute2 nginx-light rsync rclone awscli nfs-ganesha nfs-ganesha-vfs libnfs-utils \
        sshfs openssh-sftp-server socat
      ;;
    *) die "no package set \"$1\"" ;;
  esac
}

# Those of the packages named that are not installed, one a line.
missing_packages() {
  local -A installed=()
  local name status
  while read -r name status; do
    if [[ $status == installed ]]; then installed[$name]=yes; fi
    # dpkg-query fails if it does not know one of the names, which is what is asked here.
  done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for name; do
    if [[ -z ${installed[$name]:-} ]]; then printf '%s\n' "$name"; fi
  done
}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

# apt-get as root, without questions, waiting up to two minutes for another package manager to finish.
apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq -o DPkg::Lock::Timeout=120 \
    -o Dpkg::Options::=--force-confold "$@"
}

simulate_install() {
  LC_ALL=C apt-get install -s --no-install-recommends "$@" >build/log/simulate.log 2>&1
}

# A package list of the last day, not older than the list of sources. The time of the last update is the directory's;
# the files carry the server's.
package_lists_are_fresh() {
  local lists=/var/lib/apt/lists
  compgen -G "$lists/*_Packages*" >/dev/null || return 1
  [[ -n $(find "$lists/partial" -maxdepth 0 -mmin -1440 2>/dev/null) ]] || return 1
  [[ -z $(find /etc/apt/sources.list /etc/apt/sources.list.d -newer "$lists/partial" 2>/dev/null) ]]
}

update_package_lists() {
  printf 'dev: bringing the package lists up to date\n' >&2
  # A broken source of something else is no reason to stop: whether ours can be had, the simulation tells.
  if ! apt_get update >build/log/update.log 2>&1 </dev/null; then
    tail -n 5 build/log/update.log >&2
    printf 'dev: apt-get update failed in part (build/log/update.log); going on\n' >&2
  fi
}

# What the simulation in build/log/simulate.log would do, as headed lists.
show_changes() {
  local heading pattern names
  while IFS='|' read -r heading pattern; do
    names=$(awk "$pattern { print \$2 }" build/log/simulate.log)
    [[ -n $names ]] || continue
    printf '  %s (%d):\n' "$heading" "$(wc -l <<<"$names")"
    paste -s -d ' ' <<<"$names" | fold -s -w 100 | sed 's/^/    /'
  done <<'TABLE'
REMOVES|/^Remv /
upgrades|/^Inst [^ ]+ \[/
installs|/^Inst [^ ]+ \(/
TABLE
}

confirm_changes() {
  [[ $install_mode == ask && -t 0 && ${CI:-} != true ]] || return 0
  local answer
  read -r -p "Go on? [y/N] " answer || true
  [[ $answer == [yY]* ]] || die "stopped before anything was changed; --no-install goes on without the packages"
}

# Refuses where packages cannot be installed, naming them for whoever can.
require_installer() {
  local by_hand="install by hand what they are called there and pass --no-install: $*"
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    die "this machine has no apt; these are the names in Debian 12, $by_hand"
  fi
  if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    die "packages are missing, and neither are you root nor is there sudo; have someone run: apt-get install $*"
  fi
}

# ensure_packages SET: returns at once and says nothing if all are there.
ensure_packages() {
  may_install || return 0
  local wanted missing
  mapfile -t wanted < <(package_set "$1")
  if command -v dpkg-query >/dev/null; then
    mapfile -t missing < <(missing_packages "${wanted[@]}")
  else
    missing=("${wanted[@]}")
  fi
  [[ ${#missing[@]} -gt 0 ]] || return 0
  require_installer "${missing[@]}"

  mkdir -p build/log
  local updated=no
  if ! package_lists_are_fresh; then
    update_package_lists
    updated=yes
  fi
  if ! simulate_install "${missing[@]}" && [[ $updated == no ]]; then
    update_package_lists
    simulate_install "${missing[@]}" || true
  fi
  if ! grep -q '^Inst ' build/log/simulate.log; then
    cat build/log/simulate.log >&2
    die "apt cannot install what is missing; these are names of Debian 12 (bookworm): ${missing[*]}"
  fi
  printf 'dev: packages missing: %s\n' "${missing[*]}" >&2
  show_changes >&2
  confirm_changes
  printf 'dev: installing (output in build/log/install.log)\n' >&2
  quietly install apt_get install -y --no-install-recommends "${missing[@]}"
}

# Debian's SciPy below build/debian/: unpacked, not installed. Its package depends on pythran, which is only needed to
# build it, and by that on a Boost that conflicts with ours; what it needs to run is in the set "test".
ensure_scipy() {
  may_install || return 0
  local into=build/debian/python3-scipy
  [[ ! -d $into ]] || return 0
  printf 'dev: unpacking python3-scipy into %s\n' "$into" >&2
  rm -rf build/debian/partial
  mkdir -p build/debian/partial
  quietly scipy fetch_and_unpack python3-scipy build/debian/partial
  mv build/debian/partial "$into"
}

fetch_and_unpack() (
  cd "$2" && apt-get download "$1" && dpkg-deb -x "$1"_*.deb . && rm "$1"_*.deb
)
