#include "app/option_words.h"

#include "app/backend_choice.h"
#include "app/completion.h"
#include "capture/discovery/library_choice.h"
#include "output/output_formats.h"

namespace sslsniff {
namespace {

template <class Enum, std::size_t N>
std::vector<std::string> all_of(const Names<Enum, N>& names) {
    std::vector<std::string> words;
    for (const auto& [value, name] : names) {
        words.emplace_back(name);
    }
    return words;
}

std::vector<std::string> output_words() {
    std::vector<std::string> words;
    for (const auto& format : output_formats()) {
        if (format.is_written_to_a_file()) {
            words.emplace_back(format.name);
        }
    }
    return words;
}

}  // namespace

std::vector<std::string> words_of(std::string_view option, std::string_view value) {
    if (option == "--color") {
        return all_of(kColorModes);
    }
    if (option == "--pcapng-mode") {
        return all_of(kPcapngModes);
    }
    if (option == "--backend") {
        return backend_names();
    }
    if (value == "LIBRARY") {
        const auto words = library_words();
        return {words.begin(), words.end()};
    }
    if (value == "FORMAT[:FILE]") {
        return output_words();
    }
    if (value == "FORMAT") {
        return all_of(kReportFormats);
    }
    if (value == "SHELL") {
        return all_of(kShells);
    }
    return {};
}

}  // namespace sslsniff
