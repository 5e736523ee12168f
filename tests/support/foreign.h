#pragma once

#include <string>
#include <vector>

#include "support/conversation.h"

namespace sslsniff::test {

/// A conversation of tests/fixtures/foreign (see the README there), as the client sees it.
struct Foreign {
    std::string name;
    bool udp = false;
    Conversation conversation;
};

/// All of them; throws std::runtime_error for a file that does not have the form.
std::vector<Foreign> foreign_conversations(const std::string& folder);

/// Plays a conversation over TCP or UDP to its end.
Recording play_foreign(const Foreign& foreign, bool midstream);

}  // namespace sslsniff::test
