#pragma once

#include <span>
#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/discovery/elf_image.h"
#include "capture/discovery/reporting_functions.h"

namespace sslsniff {

/// Where a BoringSSL without symbols reads and writes memory: the calls of a BIO's own functions, in
/// BIO_read() and BIO_write() or wherever compilers have put copies of those (link-time optimisation does, in
/// bun). They are calls of what lies in a BIO_METHOD (openssl/bio.h: bwrite at 16, bread at 24) in functions
/// that report BIO_R_UNINITIALIZED. `functions`: those that report crypto/bio/bio.cc.
std::vector<ProbedFunction> find_boringssl_transports(const ElfImage& image,
                                                      std::span<const ReportingFunction> functions);

}  // namespace sslsniff
