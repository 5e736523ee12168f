#pragma once

#include "model/transaction.h"
#include "support/conversation.h"

namespace sslsniff::test {

/// Plays one connection over TLS into the sink, a piece each millisecond, and ends the capture.
void play_into(TransactionSink& sink, const Conversation& conversation);

}  // namespace sslsniff::test
