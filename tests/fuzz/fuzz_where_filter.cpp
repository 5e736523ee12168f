// Any text as a --where expression: parses or gives an error, and never crashes.
#include <cstdint>
#include <string_view>

#include "filter/where_filter.h"
#include "protocols/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace sslsniff;
    static const FieldTable kFields(protocol_fields());
    const auto filter =
        WhereFilter::parse(std::string_view(reinterpret_cast<const char*>(bytes), size), kFields);
    if (filter) {
        ConnectionInfo info;
        info.process = std::make_shared<ProcessInfo>();
        const ConnectionRecord record{info, {}, CloseReason::freed, "http/1", 0, {}, {}};
        static_cast<void>(filter->matches(record));
    }
    return 0;
}
