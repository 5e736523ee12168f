#include "model/facts.h"

#include "model/names.h"

namespace sslsniff {
namespace {

constexpr Names<Outcome, 7> kOutcomeNames{{{Outcome::ok, "ok"},
                                           {Outcome::redirected, "redirected"},
                                           {Outcome::client_error, "client_error"},
                                           {Outcome::server_error, "server_error"},
                                           {Outcome::failed, "failed"},
                                           {Outcome::unanswered, "unanswered"},
                                           {Outcome::unknown, "unknown"}}};

}  // namespace

std::string_view to_string(Outcome outcome) {
    return name_of(kOutcomeNames, outcome);
}

}  // namespace sslsniff
