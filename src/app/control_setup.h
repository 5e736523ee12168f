#pragma once

#include <memory>

#include "app/options.h"
#include "base/result.h"
#include "control/control_socket.h"
#include "separation/attacher_link.h"

namespace sslsniff {

/// Makes the socket at which a live capture answers, where the options say; the attacher removes it at the
/// end. Null when there is to be none, or when nobody asked for one and it cannot be made. For the time
/// before privileges are given up.
Result<std::unique_ptr<ControlSocket>> open_control(const Options& options,
                                                    separation::AttacherLink& attacher);

}  // namespace sslsniff
