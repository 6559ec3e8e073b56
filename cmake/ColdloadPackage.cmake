# Debian packages by CPack, one a component: `./dev package`, or `cpack -G DEB` in a build directory.
set(CPACK_PACKAGE_NAME coldload)
set(CPACK_PACKAGE_VENDOR "coldload")
# CPack's own default, which it leaves out: each package has a summary of its own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${CMAKE_PROJECT_NAME} built using CMake")
set(COLDLOAD_PACKAGE_MAINTAINER "coldload authors <coldload@packages.invalid>" CACHE STRING
  "Name and address of whoever answers for the packages")
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${COLDLOAD_PACKAGE_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENTS_ALL "")

# coldload_package(COMPONENT NAME package SECTION section SUMMARY line TEXT text [DEPENDS packages])
function(coldload_package component)
  cmake_parse_arguments(arg "" "NAME;SECTION;SUMMARY;TEXT;DEPENDS" "" ${ARGN})
  string(TOUPPER ${component} upper)
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${component} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${arg_NAME} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${arg_SECTION} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${arg_DEPENDS}" PARENT_SCOPE)
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${arg_SUMMARY}\n${arg_TEXT}" PARENT_SCOPE)
  # What Debian asks of every package.
  set(folder "${CMAKE_INSTALL_DATADIR}/doc/${arg_NAME}")
  install(FILES "${PROJECT_SOURCE_DIR}/packaging/copyright" DESTINATION "${folder}" COMPONENT ${component})
  install(FILES "${changelog}" DESTINATION "${folder}" COMPONENT ${component})
endfunction()

set(changelog "${CMAKE_BINARY_DIR}/packaging/changelog.gz")
file(WRITE "${CMAKE_BINARY_DIR}/packaging/changelog"
  "coldload (${PROJECT_VERSION}) unstable; urgency=low\n\n  * Version ${PROJECT_VERSION}.\n\n"
  " -- ${COLDLOAD_PACKAGE_MAINTAINER}  Thu, 01 Jan 1970 00:00:00 +0000\n")
execute_process(COMMAND gzip -9nc "${CMAKE_BINARY_DIR}/packaging/changelog"
  OUTPUT_FILE "${changelog}" COMMAND_ERROR_IS_FATAL ANY)

coldload_package(coldload NAME coldload SECTION utils
  SUMMARY "measures how long LLM weights take to load, cold and proved cold"
  TEXT "Compares every storage backend with every load strategy in one run, and leaves\n\
one table and one result document. With the backends for mounted paths, staged\n\
copies and emulated networks, and all strategies.")
coldload_package(s3 NAME coldload-plugin-s3 SECTION utils DEPENDS "coldload (= ${PROJECT_VERSION})"
  SUMMARY "coldload's backend for S3 servers"
  TEXT "Reads weights from any S3 server over HTTP or HTTPS, for coldload to time.")
coldload_package(http NAME coldload-plugin-http SECTION utils DEPENDS "coldload (= ${PROJECT_VERSION})"
  SUMMARY "coldload's backend for web servers"
  TEXT "Reads weights that a web server has, named by a list of checksums, for coldload\nto time.")
coldload_package(nfs NAME coldload-plugin-nfs SECTION utils DEPENDS "coldload (= ${PROJECT_VERSION})"
  SUMMARY "coldload's backend for NFS servers"
  TEXT "Reads weights from an NFS mount, or from a server without one, for coldload to\ntime.")
coldload_package(dev NAME libcoldload-dev SECTION libdevel
  SUMMARY "headers to build plugins of coldload with"
  TEXT "A plugin is a backend, where weights come from, or a strategy, how they are\n\
brought in, in C or C++.")

include(CPack)
