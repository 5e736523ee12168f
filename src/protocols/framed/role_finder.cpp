#include "protocols/framed/role_finder.h"

#include <algorithm>

namespace sslsniff::framed {

RoleFinder::RoleFinder(const Framing& framing, const Proof& proof)
    : framing_(framing),
      proof_(proof),
      ends_{{{0, false, {framing, Side::client}, {framing, Side::server}},
             {0, false, {framing, Side::client}, {framing, Side::server}}}} {}

void RoleFinder::look(Direction direction, ByteView bytes, std::size_t begin, bool beginning) {
    End& end = ends_[index(direction)];
    if (end.begin != begin || end.beginning != beginning) {
        end = {begin, beginning, {framing_, Side::client, beginning}, {framing_, Side::server, beginning}};
    }
    end.spoke = end.spoke || !bytes.empty();
    end.client.look(bytes);
    end.server.look(bytes);
}

Verdict RoleFinder::verdict_with(Direction client, bool beginning) const {
    const End& asking = ends_[index(client)];
    const End& answering = ends_[index(sslsniff::opposite(client))];
    const bool contradicted =
        (asking.spoke && asking.client.is_bad()) || (answering.spoke && answering.server.is_bad());
    const bool out_of_turn = beginning && !asking.spoke && answering.spoke && !proof_.server_may_begin;
    if (beginning && (contradicted || out_of_turn)) {
        return Verdict::no;
    }
    const unsigned asked = asking.client.telling();
    const unsigned answered = answering.server.telling();
    const unsigned alone = beginning ? proof_.alone_at_beginning : proof_.alone;
    if ((proof_.pair && asked >= 1 && answered >= 1) || asked >= alone || answered >= alone) {
        return proof_.verdict;
    }
    if (proof_.with_any &&
        ((asked >= 1 && answering.server.is_exact()) || (answered >= 1 && asking.client.is_exact()))) {
        return proof_.verdict;
    }
    const bool may_be =
        (asking.spoke && !asking.client.is_bad()) || (answering.spoke && !answering.server.is_bad());
    return may_be ? Verdict::need_more : Verdict::no;
}

Verdict RoleFinder::verdict(bool beginning) const {
    return std::max(verdict_with(Direction::sent, beginning), verdict_with(Direction::received, beginning));
}

std::optional<Direction> RoleFinder::client(bool beginning) const {
    const Verdict sent = verdict_with(Direction::sent, beginning);
    const Verdict received = verdict_with(Direction::received, beginning);
    if (sent != received) {
        return sent > received ? Direction::sent : Direction::received;
    }
    const auto weight = [&](Direction client) {
        return ends_[index(client)].client.telling() +
               ends_[index(sslsniff::opposite(client))].server.telling();
    };
    const unsigned of_sent = weight(Direction::sent);
    const unsigned of_received = weight(Direction::received);
    if (of_sent == of_received) {
        return std::nullopt;
    }
    return of_sent > of_received ? Direction::sent : Direction::received;
}

}  // namespace sslsniff::framed
