# Third-party libraries, each under one target name. All come from Debian packages (tools/packages.txt).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)

pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
add_library(elf ALIAS PkgConfig::LIBELF)

pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
add_library(zlib ALIAS PkgConfig::ZLIB)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlidec)
add_library(brotli ALIAS PkgConfig::BROTLI)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
add_library(zstd ALIAS PkgConfig::ZSTD)

# By its files: the CMake package of Debian knows the shared library alone.
find_path(SNAPPY_INCLUDE snappy.h REQUIRED)
find_library(SNAPPY_LIBRARY snappy REQUIRED)
add_library(snappy INTERFACE)
target_include_directories(snappy SYSTEM INTERFACE ${SNAPPY_INCLUDE})
target_link_libraries(snappy INTERFACE ${SNAPPY_LIBRARY})

pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)

pkg_check_modules(LZMA REQUIRED IMPORTED_TARGET liblzma)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)

pkg_check_modules(PROTOBUF REQUIRED IMPORTED_TARGET protobuf)
add_library(protobuf ALIAS PkgConfig::PROTOBUF)

find_package(zydis REQUIRED)
add_library(zydis ALIAS Zydis::Zydis)

pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka++)
# Without the macros that its flags define, which would reach everything.
pkg_check_modules(NCURSESW REQUIRED ncursesw)
add_library(ncursesw INTERFACE)
target_link_libraries(ncursesw INTERFACE ${NCURSESW_LINK_LIBRARIES})
pkg_check_modules(CAPNG REQUIRED IMPORTED_TARGET libcap-ng)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

# Header-only libraries are system headers: their warnings are not ours.
function(sslsniff_header_library name header)
  find_path(${name}_INCLUDE ${header} REQUIRED)
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${${name}_INCLUDE})
endfunction()
sslsniff_header_library(cli11 CLI/CLI.hpp)
sslsniff_header_library(tomlplusplus toml++/toml.h)
sslsniff_header_library(rapidjson rapidjson/writer.h)
sslsniff_header_library(protozero protozero/pbf_writer.hpp)
sslsniff_header_library(curl curl/curl.h)  # loaded when it is needed

# llhttp is a library in newer distributions; before, node-llhttp has it as C sources and a header.
find_path(LLHTTP_INCLUDE llhttp.h REQUIRED PATHS /usr/share/include /usr/include /usr/share/nodejs/llhttp/build
          PATH_SUFFIXES llhttp)
find_library(LLHTTP_LIBRARY NAMES libllhttp.a llhttp)
if(LLHTTP_LIBRARY)
  add_library(llhttp INTERFACE)
  target_link_libraries(llhttp INTERFACE ${LLHTTP_LIBRARY})
  target_include_directories(llhttp SYSTEM INTERFACE ${LLHTTP_INCLUDE})
else()
  find_path(LLHTTP_SOURCE llhttp.c REQUIRED PATHS /usr/share/llhttp /usr/share/nodejs/llhttp/build/c)
  add_library(llhttp STATIC ${LLHTTP_SOURCE}/api.c ${LLHTTP_SOURCE}/http.c ${LLHTTP_SOURCE}/llhttp.c)
  target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE})
endif()
