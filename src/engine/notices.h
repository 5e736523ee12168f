#pragma once

#include <string_view>

namespace sslsniff {

/// Takes what a session tells people while it runs, for whoever runs it. As it is, it takes no notice.
class Notices {
  public:
    Notices() = default;
    Notices(const Notices&) = delete;
    Notices& operator=(const Notices&) = delete;
    virtual ~Notices() = default;

    /// One printable sentence, without its end of line.
    virtual void say(std::string_view /*sentence*/) {}
    /// Whole lines, each ended by a newline.
    virtual void tell(std::string_view /*lines*/) {}
    /// Somebody has pressed Ctrl-C.
    virtual void interrupted() {}
};

}  // namespace sslsniff
