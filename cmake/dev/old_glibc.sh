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
    rm -rf build/debian/partial
    mkdir -p build/debian/partial
    quietly old-glibc unpack_old_glibc "$PWD/build/debian/partial" "$into"
    mv build/debian/partial "$into"
  fi
}

# unpack_old_glibc FOLDER PLACE: the packages into FOLDER, and beside them link/, what the linker is pointed to; FOLDER
# will be moved to PLACE.
unpack_old_glibc() {
  local folder=$1 place=$2
  suite_apt bullseye "$folder/apt" update
  (cd "$folder" && suite_apt bullseye "$folder/apt" download libc6 libc6-dev)
  local package
  for package in "$folder"/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
  rm -r "$folder"/*.deb "$folder/apt"

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
  # Old releases' lists are not signed anew, so that their date says nothing.
  apt-get -qq -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$folder/lists" -o Dir::Cache="$folder/cache" -o Acquire::Check-Valid-Until=false \
    -o APT::Sandbox::User=root "$@"
}
