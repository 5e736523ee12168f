# SSLSNIFF_STATIC: a program for distributions with a glibc at least as new as ours, and nothing else. What Debian has
# archives of is linked statically; the rest (fmt, Zydis, and the C++ library that both sides share) goes beside the program,
# where tools/package puts it.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)

# sslsniff_static_needs(TARGET LIBRARY...): what an archive needs of others, which it does not say itself.
function(sslsniff_static_needs target)
  target_link_libraries(${target} INTERFACE ${ARGN})
endfunction()

# After all libraries are found.
function(sslsniff_link_statically program)
  find_library(BROTLI_COMMON brotlicommon REQUIRED)
  sslsniff_static_needs(PkgConfig::BROTLI ${BROTLI_COMMON})
  sslsniff_static_needs(PkgConfig::LIBELF PkgConfig::ZLIB)
  sslsniff_static_needs(PkgConfig::PROTOBUF PkgConfig::ZLIB)
  find_library(RDKAFKA_C rdkafka REQUIRED)
  find_library(TLS_LIBRARY ssl REQUIRED)
  find_library(SASL_LIBRARY NAMES libsasl2.so libsasl2.so.2 REQUIRED)  # it loads its mechanisms
  sslsniff_static_needs(PkgConfig::RDKAFKA ${RDKAFKA_C} ${TLS_LIBRARY} PkgConfig::CRYPTO PkgConfig::ZLIB PkgConfig::ZSTD
                        PkgConfig::LZ4 ${SASL_LIBRARY})
  find_library(TERMINFO_LIBRARY tinfo REQUIRED)
  sslsniff_static_needs(ncursesw ${TERMINFO_LIBRARY})
  # libpcap.a can capture from D-Bus, and would bring libdbus and libsystemd for it.
  add_library(pcap_without_dbus OBJECT ${PROJECT_SOURCE_DIR}/cmake/pcap_without_dbus.c)
  target_link_libraries(${program} PRIVATE pcap_without_dbus)
  set_target_properties(${program} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/sslsniff")
endfunction()
