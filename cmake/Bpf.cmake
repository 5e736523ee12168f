# Compiles bpf/*.bpf.c and wraps each object into a skeleton header: target bpf_objects, headers
# "bpf_objects/NAME.skel.h".
find_path(BPF_INCLUDE bpf/libbpf.h REQUIRED)
find_library(BPF_LIBRARY bpf REQUIRED)
find_program(BPF_CLANG NAMES clang-19 clang-18 clang-17 clang-16 clang clang-15 clang-14 REQUIRED)
# Ubuntu keeps it with the kernel's tools: the wrapper in PATH only works for the running kernel.
file(GLOB bpftool_folders /usr/lib/linux-tools/* /usr/lib/linux-tools-*)
find_program(BPFTOOL bpftool REQUIRED PATHS ${bpftool_folders} /usr/sbin /usr/local/sbin NO_DEFAULT_PATH)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(bpf_architecture x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(bpf_architecture arm64)
else()
  message(FATAL_ERROR "Live capture knows x86-64 and arm64; configure with -DSSLSNIFF_BPF=OFF")
endif()

add_library(bpf_objects INTERFACE)
target_include_directories(bpf_objects SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/bpf ${BPF_INCLUDE})
target_link_libraries(bpf_objects INTERFACE ${BPF_LIBRARY} elf z)
file(GLOB bpf_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bpf/*.h)

# sslsniff_bpf_object(NAME SOURCE DEFINITION...)
function(sslsniff_bpf_object name source)
  set(folder ${CMAKE_BINARY_DIR}/bpf/bpf_objects)
  set(object ${folder}/${name}.bpf.o)
  set(skeleton ${folder}/${name}.skel.h)
  list(TRANSFORM ARGN PREPEND -D OUTPUT_VARIABLE definitions)
  # -mcpu=v2: no 32-bit registers, whose bounds older verifiers lose.
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
    COMMAND ${BPF_CLANG} -target bpf -mcpu=v2 -g -O2 -Wall -Wextra -Wno-unused-parameter -Werror
            -D__TARGET_ARCH_${bpf_architecture} ${definitions} -I${BPF_INCLUDE}
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${PROJECT_SOURCE_DIR}/bpf/${source} -o ${object}
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${name} > ${skeleton}
    DEPENDS ${PROJECT_SOURCE_DIR}/bpf/${source} ${bpf_headers}
    COMMENT "BPF object ${name}"
    VERBATIM)
  add_custom_target(bpf_object_${name} DEPENDS ${skeleton})
  add_dependencies(bpf_objects bpf_object_${name})
endfunction()

sslsniff_bpf_object(capture_user_dynptr capture.bpf.c PAYLOAD=1)
sslsniff_bpf_object(capture_slices capture.bpf.c PAYLOAD=2)
sslsniff_bpf_object(capture_classes capture.bpf.c PAYLOAD=3)
sslsniff_bpf_object(pid_namespace pid_namespace.bpf.c)
