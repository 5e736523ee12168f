#pragma once

#include <memory>
#include <string>
#include <utility>

#include "capture/pcap/pcap_reader.h"
#include "support/event_text.h"
#include "support/recorded_events.h"

namespace sslsniff::test {

/// What a capture file comes out as.
struct Outcome {
    std::string text;
    std::string error;
};

inline Outcome read(Bytes file) {
    EventText text;
    auto reader = PcapReader::open(std::make_unique<MemoryInputStream>(std::move(file), "x.pcap"));
    if (!reader) {
        return {"", reader.error().message};
    }
    const auto done = drain(**reader, text);
    return {text.take(), done ? "" : done.error().message};
}

inline const std::string kOpened = "1 open cleartext\n1 tcp client 10.0.0.1:40000 10.0.0.2:80\n";
inline const std::string kJoined = "1 open cleartext midstream\n1 tcp client 10.0.0.1:40000 10.0.0.2:80\n";

}  // namespace sslsniff::test
