# coldload_add_plugin(NAME SOURCES file… [LINK target…])
# A shared object that exports exactly one symbol, coldload_plugin_v1. The export map is needed even
# with hidden visibility: a C++ object still exports hundreds of weak symbols of its library.
# COLDLOAD_PLUGIN_OUTPUT_DIR and COLDLOAD_PLUGIN_INSTALL_DIR, where set, say where it is built and installed.
function(coldload_add_plugin name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  # Beside this file, wherever the caller's directory is.
  set(export_map "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/coldload-plugin.map")
  add_library(coldload_plugin_${name} MODULE ${arg_SOURCES})
  set_target_properties(coldload_plugin_${name} PROPERTIES
    OUTPUT_NAME "coldload_${name}" PREFIX ""
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${export_map}")
  if(COLDLOAD_PLUGIN_OUTPUT_DIR)
    set_target_properties(coldload_plugin_${name} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY "${COLDLOAD_PLUGIN_OUTPUT_DIR}")
  endif()
  target_link_options(coldload_plugin_${name} PRIVATE
    "LINKER:--version-script=${export_map}")
  target_link_libraries(coldload_plugin_${name} PRIVATE coldload_sdk ${arg_LINK})
  if(COLDLOAD_PLUGIN_INSTALL_DIR)
    install(TARGETS coldload_plugin_${name} LIBRARY DESTINATION "${COLDLOAD_PLUGIN_INSTALL_DIR}")
  endif()
  if(TARGET coldload_settings)
    target_link_libraries(coldload_plugin_${name} PRIVATE coldload_settings)
  endif()
endfunction()
