#include "app/conclusion.h"

#include <fmt/format.h>

#include <string>

#include "output/text/summary_text.h"

namespace sslsniff {

bool conclude(Pipeline& pipeline, bool failed, Notices& notices) {
    const auto failures = pipeline.finish();
    if (pipeline.undecided() > 0) {
        notices.say(
            fmt::format("the filter could not judge {} connections, because their sockets were not found: "
                        "they were left out",
                        pipeline.undecided()));
    }
    if (const std::string sentence = pipeline.undecoded_tls(); !sentence.empty()) {
        notices.say(sentence);
    }
    for (const auto& remark : pipeline.take_remarks()) {
        notices.say(remark);
    }
    if (!failed || pipeline.summary().connections > 0) {
        notices.tell(summary_text(pipeline.summary()));
    }
    for (const auto& failure : failures) {
        notices.say(failure);
    }
    return failures.empty();
}

}  // namespace sslsniff
