# What a plugin's CMakeLists.txt calls; part of the installed package, and used by this tree itself.

# coldload_add_plugin(NAME SOURCES file… [LINK target…])
# A shared object coldload_NAME.so, target coldload_plugin_NAME, that exports exactly one symbol, coldload_plugin_v1. The
# export map is needed even with hidden visibility: a C++ object still exports hundreds of weak symbols of its library.
# COLDLOAD_PLUGIN_OUTPUT_DIR and COLDLOAD_PLUGIN_INSTALL_DIR, where set, say where it is built and installed.
function(coldload_add_plugin name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  # Beside this file, wherever the caller's directory is.
  set(export_map "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/coldload-plugin.map")
  add_library(coldload_plugin_${name} MODULE ${arg_SOURCES})
  set_target_properties(coldload_plugin_${name} PROPERTIES
    OUTPUT_NAME "coldload_${name}" PREFIX "" POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${export_map}")
  if(COLDLOAD_PLUGIN_OUTPUT_DIR)
    set_target_properties(coldload_plugin_${name} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY "${COLDLOAD_PLUGIN_OUTPUT_DIR}")
  endif()
  target_link_options(coldload_plugin_${name} PRIVATE
    "LINKER:--version-script=${export_map}")
  target_link_libraries(coldload_plugin_${name} PRIVATE coldload::sdk ${arg_LINK})
  if(COLDLOAD_PLUGIN_INSTALL_DIR)
    install(TARGETS coldload_plugin_${name} LIBRARY DESTINATION "${COLDLOAD_PLUGIN_INSTALL_DIR}")
  endif()
  if(TARGET coldload_settings)
    target_link_libraries(coldload_plugin_${name} PRIVATE coldload_settings)
  endif()
endfunction()

# coldload_add_conformance_tests(NAME KIND backend|strategy [AS name] [OPTIONS name=value…] [FIXTURES fixture…] [LOCK name])
# One CTest test for each contract of the library and of the kind: conformance.NAME.ID, where AS is given
# conformance.AS.ID. Each is `coldload plugin check` with those options, run in the caller's source directory; a contract
# that does not apply shows as skipped. LOCK: no two of that name at once, for a backend that writes.
function(coldload_add_conformance_tests name)
  cmake_parse_arguments(arg "" "KIND;AS;LOCK" "OPTIONS;FIXTURES" ${ARGN})
  if(NOT arg_KIND)
    message(FATAL_ERROR "coldload_add_conformance_tests(${name}): KIND is missing, expected backend or strategy")
  endif()
  if(NOT arg_AS)
    set(arg_AS "${name}")
  endif()
  file(STRINGS "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/coldload-contracts.txt" contracts REGEX "^(library|${arg_KIND})\\.")
  list(TRANSFORM arg_OPTIONS PREPEND "--option;" OUTPUT_VARIABLE options)
  foreach(contract IN LISTS contracts)
    set(test "conformance.${arg_AS}.${contract}")
    add_test(NAME ${test}
      COMMAND coldload::coldload plugin check "$<TARGET_FILE:coldload_plugin_${name}>" --only ${contract} ${options}
      WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    set_tests_properties(${test} PROPERTIES
      LABELS conformance TIMEOUT 180 SKIP_REGULAR_EXPRESSION "^skipped |\nskipped ")
    if(arg_LOCK)
      set_tests_properties(${test} PROPERTIES RESOURCE_LOCK "${arg_LOCK}")
    endif()
    if(arg_FIXTURES)
      set_tests_properties(${test} PROPERTIES FIXTURES_REQUIRED "${arg_FIXTURES}")
    endif()
  endforeach()
endfunction()
