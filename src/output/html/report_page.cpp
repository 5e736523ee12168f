#include "output/html/report_page.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <string_view>

#include "base/text.h"

// Made by cmake/Report.cmake of src/output/html/page/.
extern "C" const char report_script_begin[];
extern "C" const char report_script_end[];
extern "C" const char report_style_begin[];
extern "C" const char report_style_end[];

namespace sslsniff {
namespace {

/// A hash-source (CSP Level 3 section 2.3.1) of an element's text.
std::string hash_source(std::string_view text) {
    std::array<char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    // It cannot fail but for want of memory; the page then says that it permits no script.
    EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(),
               nullptr);
    return "'sha256-" + base64({digest.data(), size}) + "'";
}

}  // namespace

std::string report_head() {
    const std::string_view script(report_script_begin, report_script_end);
    const std::string_view style(report_style_begin, report_style_end);
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {}; style-src "
        "{}; "
        "base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"generator\" content=\"sslsniff " SSLSNIFF_VERSION
        "\">\n<title>sslsniff</title>\n<style>{}</style>\n</head>\n<body>\n"
        "<noscript>This report needs JavaScript: its own, nothing is loaded. Without it, the lines below "
        "that begin "
        "with {{\"schema\" are the captured data, one JSON object each.</noscript>\n<script>{}</script>\n",
        hash_source(script), hash_source(style), style, script);
}

}  // namespace sslsniff
