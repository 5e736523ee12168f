#include <malloc.h>

#include <string>
#include <vector>

#include "app/app.h"

namespace {

constexpr int kKept = 4 << 20;  // bytes

}  // namespace

int main(int argc, char** argv) {
#ifdef __GLIBC__
    // What a burst of traffic needed is kept for the next one: otherwise glibc hands large blocks and the
    // heap's end back, and fetches them again, page fault by page fault, for each large body
    // (docs/performance.md).
    ::mallopt(M_MMAP_THRESHOLD, kKept);
    ::mallopt(M_TRIM_THRESHOLD, 2 * kKept);
    ::mallopt(M_TOP_PAD, kKept);
#endif
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return sslsniff::run(arguments);
}
