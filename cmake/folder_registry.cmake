# Lists the plug-in files of a folder into NAME.list, one ENTRY(function, "wire_name") a line, so that the folder is the registry.
# A file whose name is a C++ keyword (auto.cpp) defines its function with a trailing underscore (auto_).
function(querist_folder_registry folder)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/src/${folder}
       ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  list(FILTER files EXCLUDE REGEX "_test\\.cpp$|^registry\\.cpp$")
  set(text "")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    set(symbol ${name})
    if(name MATCHES "^(auto|default|export|import|delete|new|register|union|static)$")
      set(symbol ${name}_)
    endif()
    string(APPEND text "ENTRY(${symbol}, \"${name}\")\n")
  endforeach()
  string(REPLACE "/" "_" list_name ${folder})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${list_name}.list CONTENT "${text}" @ONLY)
endfunction()
