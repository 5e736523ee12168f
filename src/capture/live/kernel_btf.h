#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

struct btf;

namespace sslsniff {

/// What the running kernel's type information says that it has.
class KernelBtf {
  public:
    /// Fails where the kernel has none.
    static Result<KernelBtf> load();

    bool has_kfunc(const char* name) const { return has_function(name); }
    bool has_function(const char* name) const { return function_id(name) != 0; }
    /// The BTF id of a function; 0: there is none.
    std::uint32_t function_id(const char* name) const;
    /// How many arguments it has; 0: there is none of that name.
    unsigned arguments_of(const char* function) const;
    bool has_tracepoint(const char* name) const;
    /// An enumerator, as of `enum bpf_func_id`: "BPF_FUNC_loop".
    bool has_enumerator(const char* enumeration, const char* name) const;
    bool has_helper(const char* enumerator) const { return has_enumerator("bpf_func_id", enumerator); }

  private:
    struct Free {
        void operator()(btf* types) const;
    };
    explicit KernelBtf(btf* types) : types_(types) {}
    std::unique_ptr<btf, Free> types_;
};

}  // namespace sslsniff
