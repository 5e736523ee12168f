#include "protocols/mongodb/errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace sslsniff::mongodb {
namespace {

using enum Outcome;

struct Error {
    std::int64_t code;
    std::string_view name;
    Outcome outcome;
};

constexpr auto kErrors = std::to_array<Error>({
    {1, "InternalError", server_error},
    {2, "BadValue", client_error},
    {6, "HostUnreachable", server_error},
    {7, "HostNotFound", server_error},
    {8, "UnknownError", server_error},
    {9, "FailedToParse", client_error},
    {13, "Unauthorized", client_error},
    {14, "TypeMismatch", client_error},
    {18, "AuthenticationFailed", client_error},
    {20, "IllegalOperation", client_error},
    {24, "LockTimeout", server_error},
    {26, "NamespaceNotFound", client_error},
    {43, "CursorNotFound", client_error},
    {50, "MaxTimeMSExpired", server_error},
    {59, "CommandNotFound", client_error},
    {64, "WriteConcernFailed", server_error},
    {89, "NetworkTimeout", server_error},
    {91, "ShutdownInProgress", server_error},
    {112, "WriteConflict", server_error},
    {121, "DocumentValidationFailure", client_error},
    {136, "CappedPositionLost", server_error},
    {175, "QueryPlanKilled", server_error},
    {189, "PrimarySteppedDown", redirected},
    {237, "CursorKilled", server_error},
    {251, "NoSuchTransaction", client_error},
    {262, "ExceededTimeLimit", server_error},
    {10107, "NotWritablePrimary", redirected},
    {11000, "DuplicateKey", client_error},
    {11600, "InterruptedAtShutdown", server_error},
    {11602, "InterruptedDueToReplStateChange", redirected},
    {13435, "NotPrimaryNoSecondaryOk", redirected},
    {13436, "NotPrimaryOrSecondary", redirected},
});

const Error* find(std::int64_t code) {
    const auto* const found = std::ranges::find(kErrors, code, &Error::code);
    return found == kErrors.end() ? nullptr : found;
}

}  // namespace

std::string error_name(std::int64_t code) {
    const Error* const error = find(code);
    return error != nullptr ? std::string(error->name) : fmt::format("error {}", code);
}

Outcome error_outcome(std::int64_t code) {
    const Error* const error = find(code);
    return error != nullptr ? error->outcome : client_error;
}

}  // namespace sslsniff::mongodb
