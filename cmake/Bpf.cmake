# Compiles bpf/*.bpf.c to skeleton headers.
find_library(BPF_LIBRARY bpf REQUIRED)
add_library(bpf_objects INTERFACE)
