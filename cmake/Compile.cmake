# Language level, warnings and sanitizers of everything we compile.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 17)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

# What a test does not use it does not load either: there are tests of what this very process has loaded.
add_link_options(-Wl,--as-needed)

add_library(sslsniff_compile INTERFACE)
target_compile_options(sslsniff_compile INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
if(SSLSNIFF_WERROR)
  target_compile_options(sslsniff_compile INTERFACE -Werror)
endif()
target_include_directories(sslsniff_compile INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
target_compile_definitions(sslsniff_compile INTERFACE SSLSNIFF_VERSION="${PROJECT_VERSION}")

if(SSLSNIFF_SANITIZE)
  target_compile_definitions(sslsniff_compile INTERFACE SSLSNIFF_SANITIZED)
  add_compile_options(-fsanitize=${SSLSNIFF_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SSLSNIFF_SANITIZE})
  if(SSLSNIFF_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# sslsniff_uses_rapidjson(FILE...): RapidJSON adds to null pointers where its stack is still empty.
function(sslsniff_uses_rapidjson)
  if(SSLSNIFF_SANITIZE MATCHES undefined)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -fno-sanitize=pointer-overflow)
  endif()
endfunction()
