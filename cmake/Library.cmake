# libsslsniff, the C library of src/api: shared, with nothing exported but what src/api/sslsniff.map names. With
# SSLSNIFF_INSTALL_ALL also as one archive of all modules, and what a development package has.
include(GNUInstallDirs)
set(map ${PROJECT_SOURCE_DIR}/src/api/sslsniff.map)
# The boundary itself, which refers to the rest: an archive alone would give nothing to link.
add_library(sslsniff_shared SHARED ${PROJECT_SOURCE_DIR}/src/api/sslsniff.cpp)
target_link_libraries(sslsniff_shared PRIVATE sslsniff_api)
target_link_options(sslsniff_shared PRIVATE -Wl,--version-script=${map})
if(NOT SSLSNIFF_SANITIZE)
  target_link_options(sslsniff_shared PRIVATE -Wl,--no-undefined)
endif()
set_target_properties(sslsniff_shared PROPERTIES OUTPUT_NAME sslsniff VERSION ${PROJECT_VERSION} SOVERSION 0
                      LINK_DEPENDS ${map} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

if(SSLSNIFF_INSTALL_ALL)
  # An MRI script of ar(1) joins archives into one.
  set(archive ${CMAKE_BINARY_DIR}/libsslsniff.a)
  get_property(targets DIRECTORY ${PROJECT_SOURCE_DIR} PROPERTY BUILDSYSTEM_TARGETS)
  set(parts "")
  set(script "create ${archive}\n")
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      list(APPEND parts ${target})
      string(APPEND script "addlib $<TARGET_FILE:${target}>\n")
    endif()
  endforeach()
  if(LLHTTP_LIBRARY MATCHES "\\.a$")
    string(APPEND script "addlib ${LLHTTP_LIBRARY}\n")
  endif()
  set(system_libraries -lbrotlidec -lcrypto -ldl -lfmt -llz4 -llzma -lncursesw -ltinfo -lnghttp2 -lpcap -lprotobuf
      -lrdkafka++ -lre2 -lsnappy -lstdc++ -lm -lz -lZydis -lzstd)
  if(SSLSNIFF_BPF)
    list(PREPEND system_libraries -lbpf -lelf)
  endif()
  if(LLHTTP_LIBRARY AND NOT LLHTTP_LIBRARY MATCHES "\\.a$")
    list(APPEND system_libraries -lllhttp)
  endif()
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/libsslsniff.mri CONTENT "${script}save\nend\n")
  add_custom_command(OUTPUT ${archive} COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
                     COMMAND sh -c "\"$1\" -M < \"$2\"" sh ${CMAKE_AR} ${CMAKE_BINARY_DIR}/libsslsniff.mri
                     DEPENDS ${parts} ${CMAKE_BINARY_DIR}/libsslsniff.mri VERBATIM)
  add_custom_target(sslsniff_archive ALL DEPENDS ${archive})

  list(JOIN system_libraries " " SSLSNIFF_LIBS_PRIVATE)
  configure_file(${PROJECT_SOURCE_DIR}/src/api/sslsniff.pc.in ${CMAKE_BINARY_DIR}/sslsniff.pc @ONLY)
  install(TARGETS sslsniff_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
          NAMELINK_COMPONENT development)
  install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(FILES ${PROJECT_SOURCE_DIR}/src/api/sslsniff.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
  install(FILES ${CMAKE_BINARY_DIR}/sslsniff.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libsslsniff-dev
          COMPONENT development)
endif()
