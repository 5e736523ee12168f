#include "output/html/data_blocks.h"

#include <algorithm>

namespace sslsniff {
namespace {

constexpr std::uint64_t kEnough = 256 * 1024;  // bytes of a block

}  // namespace

void DataBlocks::write(ByteView lines) {
    if (size_ == 0) {
        out_.write("<script type=\"application/jsonl\">\n");
    }
    size_ += lines.size();
    while (!lines.empty()) {
        const std::size_t plain = std::min(lines.find('<'), lines.size());
        out_.write(lines.substr(0, plain));
        if (plain == lines.size()) {
            break;
        }
        out_.write("\\u003c");
        lines.remove_prefix(plain + 1);
    }
}

void DataBlocks::may_divide() {
    if (size_ >= kEnough) {
        close();
    }
}

void DataBlocks::close() {
    if (size_ != 0) {
        out_.write("</script>\n");
        size_ = 0;
    }
}

}  // namespace sslsniff
