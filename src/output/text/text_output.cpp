#include "output/text/text_output.h"

#include <utility>

#include "output/file_output.h"
#include "output/text/connection_rows.h"
#include "output/text/text_sink.h"

namespace sslsniff {

std::unique_ptr<Output> make_text_output(const OutputPlace& place, const OutputContext& context) {
    const OutputSettings& settings = context.settings;
    auto file = place.make_file();
    const bool is_terminal = file->is_terminal();
    TextOptions text;
    text.verbosity = settings.verbosity;
    text.hex = settings.hex;
    text.tree = settings.tree;
    text.color =
        settings.color == ColorMode::always || (settings.color == ColorMode::automatic && is_terminal);
    text.utc_offset = local_utc_offset;
    if (is_terminal) {
        text.columns = [terminal = file.get()] { return terminal->terminal_columns(); };
    }
    if (settings.connections) {
        return std::make_unique<TransactionOutput<ConnectionRows>>(std::move(file), std::move(text));
    }
    return std::make_unique<TransactionOutput<TextSink>>(std::move(file), std::move(text));
}

}  // namespace sslsniff
