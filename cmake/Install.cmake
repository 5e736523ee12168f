# What is installed. The program itself; with SSLSNIFF_INSTALL_ALL (needs scdoc), also its manual page, completions, an
# example of a configuration file, unit, users, log rotation, Wireshark's link and docs: what packages consist of (tools/package).
include(GNUInstallDirs)
install(TARGETS sslsniff DESTINATION ${CMAKE_INSTALL_BINDIR})

if(SSLSNIFF_INSTALL_ALL)
  find_program(SCDOC scdoc REQUIRED)
  set(folder ${CMAKE_BINARY_DIR}/share)

  # sslsniff_generated(FILE COMMAND...): what the program prints.
  function(sslsniff_generated file)
    list(JOIN ARGN " " words)
    add_custom_command(
      OUTPUT ${folder}/${file}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
      COMMAND sh -c "set -e; \"$1\" ${words} > \"$2.new\"; mv \"$2.new\" \"$2\"" sh $<TARGET_FILE:sslsniff> ${folder}/${file}
      DEPENDS sslsniff
      VERBATIM)
  endfunction()
  sslsniff_generated(sslsniff.bash completion bash)
  sslsniff_generated(sslsniff.fish completion fish)
  sslsniff_generated(_sslsniff completion zsh)
  sslsniff_generated(sslsniff.toml config)
  sslsniff_generated(sslsniff.1.scd manual)
  add_custom_command(OUTPUT ${folder}/sslsniff.1 COMMAND sh -c "\"$1\" < \"$2.scd\" > \"$2\"" sh ${SCDOC} ${folder}/sslsniff.1
                     DEPENDS ${folder}/sslsniff.1.scd VERBATIM)
  add_custom_target(share ALL DEPENDS ${folder}/sslsniff.bash ${folder}/sslsniff.fish ${folder}/_sslsniff
                    ${folder}/sslsniff.toml ${folder}/sslsniff.1)

  install(FILES ${folder}/sslsniff.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME sslsniff)
  install(FILES ${folder}/sslsniff.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  install(FILES ${folder}/_sslsniff DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${folder}/sslsniff.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${folder}/sslsniff.toml DESTINATION ${CMAKE_INSTALL_SYSCONFDIR})
  install(FILES packaging/logrotate/sslsniff DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/logrotate.d)
  install(FILES packaging/systemd/sslsniff.service DESTINATION lib/systemd/system)
  install(FILES packaging/sysusers/sslsniff.conf DESTINATION lib/sysusers.d)
  # Wireshark looks for capture programs there.
  set(extcap ${CMAKE_INSTALL_LIBDIR}/wireshark/extcap)
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_BINDIR BASE_DIRECTORY ${extcap} OUTPUT_VARIABLE program)
  file(MAKE_DIRECTORY ${folder}/extcap)
  file(CREATE_LINK ${program}/sslsniff ${folder}/extcap/sslsniff SYMBOLIC)
  install(FILES ${folder}/extcap/sslsniff DESTINATION ${extcap})
  file(GLOB docs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.md ${PROJECT_SOURCE_DIR}/docs/*.png)
  install(FILES ${docs} README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
