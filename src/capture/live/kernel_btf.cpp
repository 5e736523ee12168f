#include "capture/live/kernel_btf.h"

#include <bpf/btf.h>

#include <cerrno>
#include <cstring>

namespace sslsniff {

void KernelBtf::Free::operator()(btf* types) const {
    btf__free(types);
}

Result<KernelBtf> KernelBtf::load() {
    btf* types = btf__load_vmlinux_btf();
    if (types == nullptr) {
        return fail(ErrorKind::unsupported,
                    "This kernel has no BTF type information (/sys/kernel/btf/vmlinux): boot one built with "
                    "CONFIG_DEBUG_INFO_BTF, as every current distribution's is.");
    }
    return KernelBtf(types);
}

std::uint32_t KernelBtf::function_id(const char* name) const {
    const int id = btf__find_by_name_kind(types_.get(), name, BTF_KIND_FUNC);
    return id > 0 ? static_cast<std::uint32_t>(id) : 0;
}

unsigned KernelBtf::arguments_of(const char* function) const {
    const std::uint32_t id = function_id(function);
    const btf_type* type = id != 0 ? btf__type_by_id(types_.get(), id) : nullptr;
    const btf_type* prototype = type != nullptr ? btf__type_by_id(types_.get(), type->type) : nullptr;
    return prototype != nullptr ? btf_vlen(prototype) : 0;
}

bool KernelBtf::has_tracepoint(const char* name) const {
    const std::string type = std::string("btf_trace_") + name;
    return btf__find_by_name_kind(types_.get(), type.c_str(), BTF_KIND_TYPEDEF) > 0;
}

bool KernelBtf::has_enumerator(const char* enumeration, const char* name) const {
    const int id = btf__find_by_name_kind(types_.get(), enumeration, BTF_KIND_ENUM);
    if (id <= 0) {
        return false;
    }
    const btf_type* type = btf__type_by_id(types_.get(), static_cast<__u32>(id));
    const auto* values = btf_enum(type);
    for (int i = 0; i < btf_vlen(type); i++) {
        if (std::strcmp(btf__name_by_offset(types_.get(), values[i].name_off), name) == 0) {
            return true;
        }
    }
    return false;
}

}  // namespace sslsniff
