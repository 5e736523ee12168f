#include "fuzz/parser_script.h"
#include "protocols/imap/imap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const sslsniff::ByteView input(reinterpret_cast<const char*>(data), size);
    sslsniff::test::run_script(sslsniff::create_imap, sslsniff::Transport::tcp, input);
    return 0;
}
