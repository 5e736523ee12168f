#include "support/conversation.h"

#include <algorithm>

namespace sslsniff::test {

std::size_t size_of(const Conversation& conversation) {
    std::size_t size = 0;
    for (const Piece& piece : conversation) {
        size += piece.bytes.size();
    }
    return size;
}

Conversation from_other_end(Conversation conversation) {
    for (Piece& piece : conversation) {
        piece.direction = opposite(piece.direction);
    }
    return conversation;
}

Conversation in_chunks(const Conversation& conversation, std::size_t size) {
    Conversation chunks;
    for (const Piece& piece : conversation) {
        for (std::size_t at = 0; at < piece.bytes.size(); at += size) {
            chunks.push_back({piece.direction, piece.bytes.substr(at, size), piece.captured});
        }
    }
    return chunks;
}

Conversation split_at(const Conversation& conversation, std::size_t offset) {
    Conversation pieces;
    for (const Piece& piece : conversation) {
        if (offset > 0 && offset < piece.bytes.size()) {
            pieces.push_back({piece.direction, piece.bytes.substr(0, offset), piece.captured});
            pieces.push_back({piece.direction, piece.bytes.substr(offset), piece.captured});
        } else {
            pieces.push_back(piece);
        }
        offset = offset < piece.bytes.size() ? 0 : offset - piece.bytes.size();
    }
    return pieces;
}

Conversation with_gap(const Conversation& conversation, std::size_t offset, std::size_t size) {
    Conversation pieces;
    std::size_t begin = 0;
    for (const Piece& piece : conversation) {
        const std::size_t length = piece.bytes.size();
        const std::size_t from = std::clamp(offset, begin, begin + length) - begin;
        const std::size_t to = std::clamp(offset + size, begin, begin + length) - begin;
        const auto add = [&](std::size_t first, std::size_t last, bool captured) {
            if (first < last) {
                pieces.push_back({piece.direction, piece.bytes.substr(first, last - first), captured});
            }
        };
        add(0, from, true);
        add(from, to, false);
        add(to, length, true);
        begin += length;
    }
    return pieces;
}

ConnectionId Player::id(std::uint64_t number) {
    return {4242, 1000, 0x7f0000000000 + number, number};
}

std::uint64_t& Player::position(Direction direction, std::uint64_t connection) {
    return positions_[{connection, direction}];
}

void Player::open(std::uint64_t connection, bool midstream, Carrier carrier) {
    positions_.erase({connection, Direction::sent});
    positions_.erase({connection, Direction::received});
    table.on_event(OpenEvent{id(connection), tick(), carrier, midstream, "OpenSSL 3.0.17"});
}

void Player::data(Direction direction, ByteView bytes, std::uint64_t connection) {
    std::uint64_t& at = position(direction, connection);
    table.on_event(DataEvent{id(connection), tick(), 4242, direction, at, bytes});
    at += bytes.size();
}

void Player::gap(Direction direction, std::uint64_t bytes, bool announced, std::uint64_t connection) {
    std::uint64_t& at = position(direction, connection);
    if (announced) {
        table.on_event(GapEvent{id(connection), tick(), direction, at, bytes, LossCause::snaplen});
    }
    at += bytes;
}

void Player::unknown_gap(Direction direction, std::uint64_t connection) {
    table.on_event(
        GapEvent{id(connection), tick(), direction, position(direction, connection), 0, LossCause::unknown});
}

void Player::close(CloseReason reason, std::uint64_t connection) {
    table.on_event(CloseEvent{id(connection), tick(), reason});
}

void Player::play(const Conversation& conversation, std::uint64_t connection) {
    for (auto piece = conversation.begin(); piece != conversation.end(); ++piece) {
        if (piece->captured) {
            data(piece->direction, piece->bytes, connection);
        } else {
            // At the end no position tells of it.
            const bool last = std::none_of(piece, conversation.end(), [&](const Piece& later) {
                return later.captured && later.direction == piece->direction;
            });
            gap(piece->direction, piece->bytes.size(), last, connection);
        }
    }
}

Recording play(const Conversation& conversation, const StreamLimits& limits) {
    Player player(limits);
    player.open();
    player.play(conversation);
    player.close();
    player.finish();
    return std::move(player.sink);
}

}  // namespace sslsniff::test
