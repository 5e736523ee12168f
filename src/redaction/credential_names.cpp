#include "redaction/credential_names.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::array<std::string_view, 27> kHeaders{
    "Authorization",        // RFC 9110 section 11.6.2
    "Proxy-Authorization",  // section 11.7.2
    "Cookie",               // RFC 6265
    "Set-Cookie",
    "Sec-WebSocket-Protocol",  // some clients put a token there (Kubernetes:
                               // base64url.bearer.authorization...)
    "X-Api-Key",               // Amazon API Gateway, Anthropic and others
    "Api-Key",                 // Azure OpenAI
    "X-Auth-Token",            // OpenStack
    "X-Subject-Token", "X-Access-Token", "X-Csrf-Token", "X-Xsrf-Token",
    "X-Amz-Security-Token",      // AWS temporary credentials
    "X-Aws-Ec2-Metadata-Token",  // IMDSv2
    "X-Vault-Token",             // HashiCorp Vault
    "X-Consul-Token",
    "X-Goog-Api-Key",  // Google APIs
    "X-Goog-Iam-Authorization-Token",
    "Ocp-Apim-Subscription-Key",  // Azure API Management
    "X-Functions-Key",            // Azure Functions
    "Private-Token",              // GitLab
    "Job-Token", "Deploy-Token", "X-Gitlab-Token", "X-Shopify-Access-Token",
    "DD-Api-Key",        // Datadog
    "X-ClickHouse-Key",  // ClickHouse's HTTP interface: the password of X-ClickHouse-User
};

// Without '_', '-' and '.', in lower case.
constexpr std::array<std::string_view, 36> kMembers{
    "accesstoken",  // RFC 6750 section 2.3
    "refreshtoken",  "idtoken",     "clientsecret",    "clientassertion", "codeverifier",  // RFC 6749, 7636
    "assertion",                                                                           // RFC 7521
    "token",         "authtoken",   "bearertoken",     "sessiontoken",    "csrftoken",
    "devicecode",    "apikey",      "apitoken",        "secret",          "secretkey",
    "privatekey",    "signingkey",  "secretaccesskey", "password",        "passwd",
    "pwd",           "passphrase",  "newpassword",     "oldpassword",     "currentpassword",
    "authorization", "credentials", "sessionid",       "jsessionid",      "phpsessid",
    "jwt",           "otp",         "samlresponse",    "awsaccesskeyid",
};
/// Besides those, in URLs and forms.
constexpr std::array<std::string_view, 6> kParameters{
    "code",  // RFC 6749 section 4.1.2
    // of signed URLs: OpenTelemetry's semantic conventions 1.44, url.query
    "signature", "sig", "xgoogsignature", "xamzsignature",
    "key",  // Google APIs
};

bool is_separator(char c) {
    return c == '_' || c == '-' || c == '.';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <class Names>
bool contains(const Names& names, std::string_view name) {
    // Most names of fields begin with another letter; those known here begin with a small one.
    const std::size_t first = name.find_first_not_of("_-.");
    return first != std::string_view::npos &&
           std::ranges::any_of(names, [name, letter = lower(name[first])](std::string_view known) {
               return known.front() == letter && is_same_name(name, known);
           });
}

}  // namespace

bool is_same_name(std::string_view a, std::string_view b) {
    std::size_t i = 0;
    std::size_t j = 0;
    while (true) {
        while (i < a.size() && is_separator(a[i])) {
            ++i;
        }
        while (j < b.size() && is_separator(b[j])) {
            ++j;
        }
        if (i == a.size() || j == b.size()) {
            return i == a.size() && j == b.size();
        }
        if (lower(a[i++]) != lower(b[j++])) {
            return false;
        }
    }
}

bool is_secret_header(std::string_view name) {
    return std::ranges::any_of(kHeaders, [name](std::string_view header) {
        return header.size() == name.size() && equals_ignore_case(header, name);
    });
}

bool is_secret_member(std::string_view name) {
    constexpr std::size_t kLongest = 64;
    return !name.empty() && name.size() <= kLongest && contains(kMembers, name);
}

bool is_secret_parameter(std::string_view name) {
    return is_secret_member(name) || contains(kParameters, name);
}

}  // namespace sslsniff
