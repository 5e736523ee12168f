#include "fuzz/parser_script.h"
#include "protocols/dns/dns.h"
#include "protocols/dns/message.h"
#include "protocols/dns/name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const sslsniff::ByteView input(reinterpret_cast<const char*>(data), size);
    const auto message = sslsniff::dns::decode_message(input);
    for (const auto& question : message.questions) {
        sslsniff::dns::unicode_name(question.name);
    }
    sslsniff::test::run_script(sslsniff::create_dns, sslsniff::Transport::udp, input);
    sslsniff::test::run_script(sslsniff::create_dns, sslsniff::Transport::tcp, input);
    return 0;
}
