// Any octets as a trace: no crash, bounded memory; and what was read, written again, reads the same.
#include <cstdint>
#include <cstdlib>

#include "capture/trace_reader.h"
#include "capture/trace_writer.h"
#include "support/recorded_events.h"

namespace {

using namespace sslsniff;

test::RecordedEvents read(Bytes trace, bool* failed) {
    TraceReader reader(std::make_unique<MemoryInputStream>(std::move(trace)));
    test::RecordedEvents events;
    *failed = !test::drain(reader, events);
    return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    // Without the first line hardly anything would get past it.
    Bytes trace = "sslsniff-trace 1.0\n";
    trace.append(reinterpret_cast<const char*>(octets), size);
    bool failed = false;
    const test::RecordedEvents first = read(std::move(trace), &failed);

    MemoryOutputStream again;
    TraceWriter writer(again, {});
    for (const CaptureEvent& event : first.events()) {
        writer.on_event(event);
    }
    const test::RecordedEvents second = read(again.bytes(), &failed);
    if (failed || first.events() != second.events()) {
        std::abort();
    }
    return 0;
}
