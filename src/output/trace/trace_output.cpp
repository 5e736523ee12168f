#include "output/trace/trace_output.h"

#include "output/file_output.h"
#include "output/trace/trace_writer.h"

namespace sslsniff {

std::unique_ptr<Output> make_trace_output(const OutputPlace& place, const OutputContext& context) {
    return std::make_unique<EventOutput<TraceWriter>>(place.make_file(), context.origin);
}

}  // namespace sslsniff
