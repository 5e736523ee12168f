#include <malloc.h>

#include <string>
#include <vector>

#include "app/app.h"

int main(int argc, char** argv) {
#ifdef M_TOP_PAD
    // What one burst of traffic needed is kept for the next one: otherwise glibc hands the heap's end back
    // and fetches it again, page fault by page fault, for each large body (docs/performance.md).
    ::mallopt(M_TOP_PAD, 4 << 20);
#endif
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return sslsniff::run(arguments);
}
