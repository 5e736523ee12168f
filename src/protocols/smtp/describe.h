#pragma once

#include <string>
#include <vector>

#include "model/body.h"
#include "protocols/described/flow.h"
#include "protocols/smtp/line.h"

namespace sslsniff::smtp {

/// What a command says. Credentials in it are left out unless `show_secrets`.
void describe_command(const Command& command, bool show_secrets, Flow& flow);
/// The mail that belongs to it: its size, its first bytes and some of its header fields.
void describe_mail(Body body, Flow& flow);
/// How a line that a client answers in a login is shown.
std::string login_line(ByteView line, bool show_secrets);
/// All of them.
void describe_login(const std::vector<std::string>& lines, Flow& flow);
/// A whole reply: `text` is that of its lines, with LF between them.
void describe_reply(unsigned code, ByteView text, Flow& flow);

}  // namespace sslsniff::smtp
