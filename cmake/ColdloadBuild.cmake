# Compiler settings shared by every target of this tree, and the functions that declare them.

add_library(coldload_settings INTERFACE)
target_compile_options(coldload_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>
  # Both see uninitialised memory and overlaps inside g++ 12's own std::string and std::variant once they are
  # inlined (GCC bugs 105651, 105562); clang's static analyser looks for the real ones.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<COMPILE_LANGUAGE:CXX>>:-Wno-maybe-uninitialized;-Wno-restrict>)
target_compile_definitions(coldload_settings INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)

if(COLDLOAD_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(COLDLOAD_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(NOT COLDLOAD_SANITIZE STREQUAL "")
  message(FATAL_ERROR "COLDLOAD_SANITIZE is \"${COLDLOAD_SANITIZE}\": expected address, thread or nothing")
endif()

if(COLDLOAD_FUZZ)
  # The libraries under test are instrumented too; only a fuzz target links libFuzzer's main.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(COLDLOAD_PORTABLE)
  add_link_options(-static-libstdc++ -static-libgcc)
endif()

# What host and plugins link on top, for the sake of a glibc older than this machine's.
add_library(coldload_old_glibc INTERFACE)
if(COLDLOAD_OLD_GLIBC)
  if(NOT EXISTS "${COLDLOAD_OLD_GLIBC}/libc.so")
    message(FATAL_ERROR "${COLDLOAD_OLD_GLIBC} holds no libc.so: ./dev build --portable unpacks it, "
      "or set COLDLOAD_OLD_GLIBC to nothing to link against this machine's glibc")
  endif()
  target_sources(coldload_old_glibc INTERFACE "${PROJECT_SOURCE_DIR}/cmake/portable/old_glibc.c")
  # Before 2.34 threads and the dynamic linker's functions were libraries of their own. The static libstdc++, which comes
  # after them, is who needs them.
  target_link_options(coldload_old_glibc INTERFACE "-B${COLDLOAD_OLD_GLIBC}" "-L${COLDLOAD_OLD_GLIBC}")
  target_link_libraries(coldload_old_glibc INTERFACE
    "-Wl,--push-state,--no-as-needed,-lpthread,-ldl,-lrt,--pop-state")
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json)
find_package(fmt 9 CONFIG REQUIRED)
add_library(coldload_json INTERFACE)
add_library(coldload_fmt INTERFACE)
if(COLDLOAD_PORTABLE)
  # Compiled with the definitions of the shared libraries all the same, so that the compiler cache knows the objects of an
  # ordinary release.
  find_library(COLDLOAD_JSON_ARCHIVE NAMES libboost_json.a REQUIRED)
  find_library(COLDLOAD_CONTAINER_ARCHIVE NAMES libboost_container.a REQUIRED)
  target_compile_definitions(coldload_json INTERFACE
    BOOST_CONTAINER_DYN_LINK BOOST_CONTAINER_NO_LIB BOOST_JSON_DYN_LINK BOOST_JSON_NO_LIB)
  target_link_libraries(coldload_json INTERFACE
    Boost::headers "${COLDLOAD_JSON_ARCHIVE}" "${COLDLOAD_CONTAINER_ARCHIVE}")
  # Debian has no static fmt, but what it is made of.
  add_library(coldload_fmt_archive STATIC "${PROJECT_SOURCE_DIR}/cmake/portable/fmt.cpp")
  target_compile_definitions(coldload_fmt INTERFACE FMT_SHARED)
  target_link_libraries(coldload_fmt INTERFACE coldload_fmt_archive)
else()
  target_link_libraries(coldload_json INTERFACE Boost::json)
  target_link_libraries(coldload_fmt INTERFACE fmt::fmt)
endif()

# What `./dev test --sanitizers` and `./dev fuzz` build, instead of all.
add_custom_target(coldload_sanitize_tests)
add_custom_target(coldload_fuzz_targets)

# coldload_alone(file…)
# Files with a name of their own, in an unnamed namespace, that a neighbour has too. The sanitizers' presets compile the
# files of a target together (CMAKE_UNITY_BUILD), and so does cmake/dev/tidy.py, which is much quicker; these stay by
# themselves.
file(WRITE "${CMAKE_BINARY_DIR}/compiled_alone.txt" "")
function(coldload_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  foreach(file IN LISTS ARGN)
    file(APPEND "${CMAKE_BINARY_DIR}/compiled_alone.txt" "${CMAKE_CURRENT_SOURCE_DIR}/${file}\n")
  endforeach()
endfunction()

# coldload_core_library(NAME SOURCES file… DEPENDS core-library-or-target…)
# One folder of core/ is one library, so a link line that points the wrong way fails to build.
function(coldload_core_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(coldload_${name} STATIC ${arg_SOURCES})
  target_include_directories(coldload_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(coldload_${name}
    PUBLIC coldload_sdk coldload_fmt ${arg_DEPENDS}
    PRIVATE coldload_settings ${arg_PRIVATE})
endfunction()

# coldload_unit_test(NAME SOURCES file… LINK target… [LABELS label…])
# One executable, each TEST a ctest case named NAME.Suite.Test. Labelled `sanitize` it also runs under the sanitizers.
function(coldload_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE coldload_settings ${arg_LINK} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    COLDLOAD_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    COLDLOAD_BINARY_DIR="${CMAKE_BINARY_DIR}")
  gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 LABELS "${arg_LABELS}")
  if("sanitize" IN_LIST arg_LABELS)
    add_dependencies(coldload_sanitize_tests ${name})
  endif()
endfunction()

# coldload_fuzz_target(NAME SOURCES file… LINK target…)
# A libFuzzer executable fuzz_NAME where COLDLOAD_FUZZ is on, nothing elsewhere. Its seeds: tests/fuzz/corpus/NAME/.
function(coldload_fuzz_target name)
  if(NOT COLDLOAD_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(fuzz_${name} ${arg_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE coldload_settings ${arg_LINK})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(coldload_fuzz_targets fuzz_${name})
endfunction()
