# shellcheck shell=bash
# ./dev package: what brings coldload onto another machine, in build/package/.

command_package() {
  local test=no
  case "$*" in
    "") ;;
    --test) test=yes ;;
    *) die_usage "package takes --test or nothing, not \"$*\"" ;;
  esac
  ensure_packages package
  command_build --portable
  make_debian_packages
  make_image
  [[ $test == no ]] || test_packages
  (cd build/package && ls -l -- *.tar.gz *.deb *.tar)
}

project_version() {
  sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$1/CMakeCache.txt"
}

# The time that files in archives carry, so that the same commit makes the same archive.
source_time() {
  printf '%s\n' "${SOURCE_DATE_EPOCH:-$(git -c safe.directory="$root" log -1 --format=%ct 2>/dev/null || date +%s)}"
}

# make_tarball BUILD: coldload-VERSION-linux-MACHINE.tar.gz of a portable build.
make_tarball() {
  local build=$1 name component tree=build/package/tarball
  name=coldload-$(project_version "$build")-linux-$(uname -m)
  rm -rf "$tree" "build/package/$name.tar.gz"
  mkdir -p build/package
  for component in coldload s3 nfs http; do
    quietly "install-$component" cmake --install "$build" --prefix "$tree/$name" --strip --component "$component"
  done
  cp LICENSE packaging/README "$tree/$name/"
  copy_licences "$tree/$name/share/doc/coldload/linked"
  tar -C "$tree" --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$(source_time)" \
    -cf - "$name" | gzip -9n >"build/package/$name.tar.gz"
  printf 'tarball:          build/package/%s.tar.gz\n' "$name"
}

# The copyright of what a portable build links in, as Debian's packages state it.
copy_licences() {
  local into=$1 package
  mkdir -p "$into"
  for package in libboost1.81-dev libfmt-dev libtomlplusplus-dev libcli11-dev libxxhash-dev liburing-dev libnfs-dev \
    libpugixml-dev libstdc++-12-dev; do
    cp -L "/usr/share/doc/$package/copyright" "$into/$package"
  done
}

make_debian_packages() {
  build_preset release
  mkdir -p build/package
  rm -rf build/package/*.deb build/package/cpack
  SOURCE_DATE_EPOCH=$(source_time) quietly cpack cpack --config build/release/CPackConfig.cmake -B build/package/cpack
  mv build/package/cpack/*.deb build/package/
  rm -rf build/package/cpack
}

# What our packages need of others: their names, with commas.
dependencies_of_packages() {
  local package
  for package in build/package/*.deb; do dpkg-deb -f "$package" Depends; done |
    tr ',' '\n' | sed 's/(.*//; s/|.*//; s/ //g' | grep -Ev '^(coldload.*)?$' | sort -u | paste -s -d ,
}

# ensure_root_system NAME SUITE PACKAGES: build/root-systems/NAME.tar, a minimal Debian; made anew when the packages change.
ensure_root_system() {
  local name=$1 suite=$2 packages=$3
  local tar=build/root-systems/$name.tar note=build/root-systems/$name.made
  if [[ -f $tar && -f $note && $(<"$note") == "$suite $packages" ]]; then return; fi
  [[ $EUID -eq 0 ]] || die "a Debian root system is made as root: sudo ./dev package"
  printf 'dev: making a minimal Debian (%s) in %s\n' "$suite" "$tar" >&2
  mkdir -p build/root-systems
  rm -f "$note"
  local sources=("deb $(debian_mirror) $suite main")
  # Of a release without support the security updates are no longer where they were.
  [[ $suite != bookworm ]] || sources+=("deb $(debian_mirror)-security $suite-security main")
  # Old releases' lists are not signed anew, so that their date says nothing. What is left out to keep it small does not
  # hold for our packages: their manual page is to be seen.
  # shellcheck disable=SC2016 # the hook's own $1
  quietly "root-system-$name" mmdebstrap --mode=root --variant=essential ${packages:+--include="$packages"} \
    --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=path-exclude=/usr/share/man/* \
    --dpkgopt=path-exclude=/usr/share/locale/* --customize-hook='rm -f "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"' \
    "$suite" "$tar" "${sources[@]}"
  printf '%s %s\n' "$suite" "$packages" >"$note"
}

# An archive of an OCI image layout: a minimal Debian as one layer, coldload's packages on top. Made without a daemon.
make_image() {
  local version layout=build/package/oci bundle=build/package/bundle
  version=$(project_version build/release)
  ensure_root_system image bookworm "$(dependencies_of_packages),ca-certificates"
  rm -rf "$layout" "$bundle" build/package/*-oci.tar
  quietly image write_image "$layout" "$bundle" "$version"
  tar -C "$layout" --sort=name --owner=0 --group=0 --numeric-owner -cf "build/package/coldload-$version-oci.tar" .
  rm -rf "$layout" "$bundle"
}

# Joined by &&, as a failure does not end what quietly runs.
write_image() {
  local layout=$1 bundle=$2 version=$3
  local image=$layout:$version
  umoci init --layout "$layout" && umoci new --image "$image" &&
    umoci raw add-layer --image "$image" build/root-systems/image.tar && umoci unpack --image "$image" "$bundle" &&
    cp build/package/coldload_*.deb build/package/coldload-plugin-*.deb "$bundle/rootfs/tmp/" &&
    chroot "$bundle/rootfs" sh -ec '
      dpkg -i /tmp/*.deb
      rm -f /tmp/*.deb /var/log/*.log
      echo "coldload:x:65532:65532:coldload:/results:/usr/sbin/nologin" >>/etc/passwd
      echo "coldload:x:65532:" >>/etc/group
      install -d -o 65532 -g 65532 /results' &&
    umoci repack --image "$image" "$bundle" &&
    umoci config --image "$image" --config.user 65532:65532 --config.workingdir /results \
      --config.entrypoint /usr/bin/coldload --config.cmd --help --config.volume /results \
      --config.label org.opencontainers.image.title=coldload \
      --config.label "org.opencontainers.image.version=$version" \
      --config.label org.opencontainers.image.licenses=Apache-2.0 &&
    umoci gc --layout "$layout"
}

# Each in a root system of its own: the tarball where glibc is the oldest it is made for, the packages on Debian 12, the
# image's files as its user.
test_packages() {
  ensure_root_system bullseye bullseye ""
  ensure_root_system bookworm bookworm "$(dependencies_of_packages)"
  lintian --fail-on error --suppress-tags-from-file packaging/lintian-suppressed build/package/*.deb
  COLDLOAD_PACKAGES=$PWD/build/package COLDLOAD_ROOT_SYSTEMS=$PWD/build/root-systems COLDLOAD_SOURCE=$PWD \
    python3 -B -W error::ResourceWarning tests/packaging/packages_test.py -v
}
