# shellcheck shell=bash
# The glibc that a portable build is linked against: that of Debian 11, so that the program runs where it does.
# Compiled is with the headers of this machine; a function that the old glibc lacks fails the link.

old_glibc_version() { echo 2.31; }

# Unpacks it below build/debian/, where the preset "portable" looks for it, unless it is there.
ensure_old_glibc() {
  local into
  into=$PWD/build/debian/glibc-$(old_glibc_version)
  if [[ ! -d $into ]]; then
    may_install ||
      die "$into is not there and --no-install was given: run ./dev build --portable once without it"
    printf 'dev: unpacking glibc %s of Debian 11 into %s\n' "$(old_glibc_version)" "$into" >&2
    local partial=$PWD/build/debian/partial package
    rm -rf "$partial"
    mkdir -p "$partial/packages"
    quietly old-glibc-lists suite_apt bullseye "$partial/apt" update
    quietly old-glibc-download suite_download bullseye "$partial/apt" "$partial/packages" libc6 libc6-dev
    for package in "$partial"/packages/*.deb; do
      quietly old-glibc-unpack dpkg-deb -x "$package" "$partial/root"
    done
    rm -r "$partial/packages" "$partial/apt"
    link_folder "$partial" "$into"
    mv "$partial" "$into"
  fi
}

# link_folder FOLDER PLACE: FOLDER/link, what the linker is pointed to, of the packages in FOLDER/root; FOLDER will be
# moved to PLACE.
link_folder() {
  local folder=$1 place=$2
  local usr=root/usr/lib/x86_64-linux-gnu run=root/lib/x86_64-linux-gnu name
  mkdir "$folder/link"
  for name in crt1.o Scrt1.o crti.o crtn.o; do ln -s "../$usr/$name" "$folder/link/$name"; done
  for name in libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1; do
    ln -s "../$run/$name" "$folder/link/${name%%.*}.so"
  done
  printf 'OUTPUT_FORMAT(elf64-x86-64)\nGROUP ( %s %s AS_NEEDED ( %s ) )\n' "$place/$run/libc.so.6" \
    "$place/$usr/libc_nonshared.a" "$place/$run/ld-linux-x86-64.so.2" >"$folder/link/libc.so"
}

# suite_apt SUITE FOLDER COMMAND…: apt-get with the packages of another release of Debian and with nothing of this
# machine's; its lists are in FOLDER.
suite_apt() {
  local suite=$1 folder=$2
  shift 2
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$(debian_mirror)" "$suite" \
    >"$folder/sources.list"
  : >"$folder/status"
  # Old releases' lists are not signed anew, so that their date says nothing.
  apt-get -qq -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$folder/lists" -o Dir::State::Status="$folder/status" -o Dir::Cache="$folder/cache" -o Acquire::Check-Valid-Until=false \
    -o APT::Sandbox::User=root "$@"
}

# suite_download SUITE FOLDER INTO PACKAGE…: those packages' files into the folder INTO.
suite_download() (
  cd "$3" && suite_apt "$1" "$2" download "${@:4}"
)
