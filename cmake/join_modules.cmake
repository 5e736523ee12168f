# cmake -D SOURCES=FILE|FILE... -D OUTPUT=FILE -P join_modules.cmake: one classic script of ES modules, whose names must differ from
# module to module, and whose imports and exports take a line each.
string(REPLACE "|" ";" sources "${SOURCES}")
set(script "(() => {\n\"use strict\";\n")
foreach(source IN LISTS sources)
  file(READ ${source} text)
  string(REGEX REPLACE "\nimport [^\n]*" "" text "\n${text}")
  string(REGEX REPLACE "\nexport " "\n" text "${text}")
  string(APPEND script "${text}")
endforeach()
file(WRITE ${OUTPUT} "${script}})();\n")
