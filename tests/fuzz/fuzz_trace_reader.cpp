// Any bytes as a trace: no crash, bounded memory; and what was read, written again, reads the same.
#include <cstdint>
#include <cstdlib>

#include "capture/trace/trace_reader.h"
#include "output/trace/trace_writer.h"
#include "support/recorded_events.h"

namespace {

using namespace sslsniff;

bool read(Bytes trace, EventConsumer& consumer) {
    TraceReader reader(std::make_unique<MemoryInputStream>(std::move(trace)));
    return test::drain(reader, consumer).has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    Bytes trace(reinterpret_cast<const char*>(bytes), size);
    if (!TraceReader::recognises(trace)) {
        trace.insert(0, "sslsniff-trace 1.0\n");  // without it hardly anything would get past the first line
    }
    test::RecordedEvents first;
    read(std::move(trace), first);

    MemoryOutputStream again;
    TraceWriter writer(again);
    for (const CaptureEvent& event : first.events()) {
        writer.on_event(event);
    }
    test::RecordedEvents second;
    if (!read(again.bytes(), second) || first.events() != second.events()) {
        std::abort();
    }
    return 0;
}
