#include "app/conclusion.h"

#include <fmt/format.h>

#include <string>

#include "output/text/summary_text.h"

namespace sslsniff {

bool conclude(Pipeline& pipeline, bool failed, Messages& messages) {
    const auto failures = pipeline.finish();
    if (pipeline.undecided() > 0) {
        messages.say(
            fmt::format("the filter could not judge {} connections, because their sockets were not found: "
                        "they were left out",
                        pipeline.undecided()));
    }
    if (const std::string sentence = pipeline.undecoded_tls(); !sentence.empty()) {
        messages.say(sentence);
    }
    for (const auto& remark : pipeline.take_remarks()) {
        messages.say(remark);
    }
    if (!failed || pipeline.summary().connections > 0) {
        messages.tell(summary_text(pipeline.summary()));
    }
    for (const auto& failure : failures) {
        messages.say(failure);
    }
    return failures.empty();
}

}  // namespace sslsniff
