# Compiles bpf/*.bpf.c and packs each object, without DWARF, into the library bpf_objects: what lies between its symbols
# NAME_bpf_begin and NAME_bpf_end (src/capture/live/bpf_objects.cpp).
find_path(BPF_INCLUDE bpf/libbpf.h REQUIRED)
find_library(BPF_LIBRARY bpf REQUIRED)
find_program(BPF_CLANG NAMES clang-19 clang-18 clang-17 clang-16 clang clang-15 clang-14 REQUIRED)
find_program(LLVM_STRIP NAMES llvm-strip llvm-strip-19 llvm-strip-18 llvm-strip-17 llvm-strip-16 llvm-strip-15
             llvm-strip-14 REQUIRED)
find_program(ZSTD_PROGRAM zstd REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(bpf_architecture x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(bpf_architecture arm64)
else()
  message(FATAL_ERROR "Live capture knows x86-64 and arm64; configure with -DSSLSNIFF_BPF=OFF")
endif()

add_library(bpf_objects STATIC)
target_include_directories(bpf_objects SYSTEM PUBLIC ${BPF_INCLUDE})
target_link_libraries(bpf_objects PUBLIC ${BPF_LIBRARY} elf zlib)
file(GLOB bpf_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bpf/*.h)

# sslsniff_bpf_object(NAME SOURCE DEFINITION...)
function(sslsniff_bpf_object name source)
  set(folder ${CMAKE_BINARY_DIR}/bpf)
  set(object ${folder}/${name}.bpf.o)
  set(packed ${folder}/${name}.bpf.o.zst)
  list(TRANSFORM ARGN PREPEND -D OUTPUT_VARIABLE definitions)
  # -mcpu=v2: no 32-bit registers, whose bounds older verifiers lose. -g: BTF is made of it.
  add_custom_command(
    OUTPUT ${packed}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
    COMMAND ${BPF_CLANG} -target bpf -mcpu=v2 -g -O2 -Wall -Wextra -Wno-unused-parameter -Werror
            -D__TARGET_ARCH_${bpf_architecture} ${definitions} -I${BPF_INCLUDE}
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${PROJECT_SOURCE_DIR}/bpf/${source} -o ${object}
    COMMAND ${LLVM_STRIP} -g ${object}
    COMMAND ${ZSTD_PROGRAM} -q -f -19 ${object} -o ${packed}
    DEPENDS ${PROJECT_SOURCE_DIR}/bpf/${source} ${bpf_headers}
    COMMENT "BPF object ${name}"
    VERBATIM)
  file(CONFIGURE OUTPUT ${folder}/${name}.c @ONLY CONTENT [[
__asm__(".pushsection .rodata\n.global @name@_bpf_begin\n@name@_bpf_begin: .incbin \"@packed@\"\n"
        ".global @name@_bpf_end\n@name@_bpf_end:\n.popsection\n");
]])
  set_source_files_properties(${folder}/${name}.c PROPERTIES OBJECT_DEPENDS ${packed})
  target_sources(bpf_objects PRIVATE ${folder}/${name}.c)
endfunction()

sslsniff_bpf_object(capture_user_dynptr capture.bpf.c PAYLOAD=1)
sslsniff_bpf_object(capture_slices capture.bpf.c PAYLOAD=2)
sslsniff_bpf_object(capture_classes capture.bpf.c PAYLOAD=3)
sslsniff_bpf_object(pid_namespace pid_namespace.bpf.c)
