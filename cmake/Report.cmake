# The library report_page: script and style sheet of `-o html` (src/output/html/page/), between the symbols report_NAME_begin and
# report_NAME_end (src/output/html/report_page.cpp). Its modules become one script, because modules could not be part of a page that
# is a single file; nothing is needed for that but CMake.
set(report_folder ${PROJECT_SOURCE_DIR}/src/output/html/page)
# Each after those that it imports.
set(report_modules text dom theme blocks fields store query series chart list body tree detail controls overview transactions statistics services
    connections losses head app)

file(GLOB report_files CONFIGURE_DEPENDS ${report_folder}/*.mjs)
list(TRANSFORM report_modules PREPEND ${report_folder}/ OUTPUT_VARIABLE report_sources)
list(TRANSFORM report_sources APPEND .mjs)
list(REMOVE_ITEM report_files ${report_sources})
if(report_files)
  message(FATAL_ERROR "cmake/Report.cmake does not say where these modules belong: ${report_files}")
endif()

set(report_script ${CMAKE_BINARY_DIR}/report/report.js)
set(report_style ${report_folder}/page.css)
list(JOIN report_sources "|" report_joined)
add_custom_command(
  OUTPUT ${report_script}
  COMMAND ${CMAKE_COMMAND} -D "SOURCES=${report_joined}" -D OUTPUT=${report_script} -P ${PROJECT_SOURCE_DIR}/cmake/join_modules.cmake
  DEPENDS ${report_sources} ${PROJECT_SOURCE_DIR}/cmake/join_modules.cmake
  COMMENT "Script of the HTML report"
  VERBATIM)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/report/report_page.c @ONLY CONTENT [[
__asm__(".pushsection .rodata\n"
        ".global report_script_begin\nreport_script_begin: .incbin \"@report_script@\"\n"
        ".global report_script_end\nreport_script_end:\n"
        ".global report_style_begin\nreport_style_begin: .incbin \"@report_style@\"\n"
        ".global report_style_end\nreport_style_end:\n.popsection\n");
]])
set_source_files_properties(${CMAKE_BINARY_DIR}/report/report_page.c PROPERTIES OBJECT_DEPENDS "${report_script};${report_style}")
add_library(report_page STATIC ${CMAKE_BINARY_DIR}/report/report_page.c)
