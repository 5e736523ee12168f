#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"

/// memcached's text and meta commands (https://github.com/memcached/memcached/blob/master/doc/protocol.txt).
namespace sslsniff::memcached {

enum class Verb : std::uint8_t {
    store,  ///< set, add, replace, append, prepend, cas
    get,    ///< get, gets, gat, gats
    remove,
    arithmetic,  ///< incr, decr
    touch,
    meta_get,
    meta_set,
    meta_delete,
    meta_arithmetic,
    meta_noop,
    meta_debug,
    stats,  ///< answered by lines up to END
    version,
    quit,     ///< not answered
    control,  ///< flush_all, verbosity ...: answered by a line
};

struct CommandSpec {
    std::string_view name;
    Verb verb;
    bool is_telling;  ///< few other protocols have such a line
};

struct Command {
    const CommandSpec* spec = nullptr;
    ByteView line{};                           ///< without its end
    std::size_t size = 0;                      ///< bytes of the line with its end
    std::optional<std::uint64_t> data_size{};  ///< bytes of the data block behind it, without its end
};

/// What a reply is; a line that no command's grammar knows is none.
enum class ReplyKind : std::uint8_t {
    value,   ///< VALUE and a data block
    end,     ///< END
    status,  ///< STORED, DELETED, OK ...
    error,   ///< ERROR, CLIENT_ERROR, SERVER_ERROR
    number,  ///< of incr and decr
    stat,    ///< STAT, ITEM, and lines of metadump
    version,
    meta,        ///< HD, EN, NS, EX, NF, ME
    meta_value,  ///< VA and a data block
    meta_noop,   ///< MN
};

struct Reply {
    ReplyKind kind = ReplyKind::status;
    ByteView word{};  ///< that it begins with
    ByteView line{};  ///< without its end
    std::size_t size = 0;
    std::optional<std::uint64_t> data_size{};
    bool is_telling = false;
};

/// Behind each data block.
inline constexpr ByteView kLineEnd = "\r\n";
/// A line is no longer: servers take 2,048 bytes, and more of commands with many keys.
inline constexpr std::size_t kMostLine = std::size_t{32} * 1024;

/// Words apart by blanks; at most `most`.
std::vector<ByteView> words_of(ByteView line, std::size_t most);

/// The command or reply that `bytes` begin with, if there is a whole line that is one. Views are into them.
std::optional<Command> read_command(ByteView bytes);
std::optional<Reply> read_reply(ByteView bytes);
/// Whether there may be one when more bytes come.
bool may_begin_command(ByteView bytes);
bool may_begin_reply(ByteView bytes);

}  // namespace sslsniff::memcached
