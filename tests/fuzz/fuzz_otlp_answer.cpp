// What a collector answers, whatever it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "output/otlp/answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    constexpr int kStatuses[] = {200, 400, 503, 0};
    sslsniff::Answer answer;
    answer.status = kStatuses[data[0] % 4];
    answer.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (sslsniff::judge(answer).remark.size() > 1000) {
        std::abort();  // what is told is short
    }
    return 0;
}
