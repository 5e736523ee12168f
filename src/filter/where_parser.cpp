#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "filter/where_filter.h"
#include "filter/where_lexer.h"

namespace sslsniff {
namespace {

/// Deeper nesting is a mistake, and would use up the stack.
constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxExpression = 64U * 1024;
constexpr std::int64_t kMaxRegexMemory = 8 << 20;

bool is_ordered(FieldType type) {
    return type == FieldType::number || type == FieldType::size || type == FieldType::duration;
}

bool is_common(std::string_view path) {
    return path == "protocol" || path == "duration" || path.starts_with("process.") ||
           path.starts_with("connection.") || path.starts_with("timing.") || path.starts_with("integrity.");
}

}  // namespace

/// Recursive descent: or, and, not, comparison.
class WhereParser {
  public:
    WhereParser(std::string_view expression, std::vector<Token> tokens, const FieldTable& fields)
        : expression_(expression), tokens_(std::move(tokens)), fields_(fields) {}

    Result<WhereFilter> parse() {
        const auto root = disjunction();
        if (!root) {
            return std::unexpected(root.error());
        }
        if (token().kind != Token::Kind::end) {
            return here(is(")") ? "this parenthesis closes nothing" : "expected and, or, or the end");
        }
        filter_.root_ = *root;
        return std::move(filter_);
    }

  private:
    using Node = WhereFilter::Node;

    const Token& token() const { return tokens_[at_]; }
    bool is(std::string_view symbol) const {
        return token().kind == Token::Kind::symbol && token().text == symbol;
    }
    bool is_word(std::string_view word) const {
        return token().kind == Token::Kind::word && to_lower(token().text) == word;
    }
    bool take(std::string_view symbol, std::string_view word = {}) {
        const bool found = is(symbol) || (!word.empty() && is_word(word));
        at_ += found ? 1 : 0;
        return found;
    }
    std::unexpected<Error> fail_token(const Token& token, std::string_view message) const {
        return fail_at(expression_, token.position, token.length, message);
    }
    std::unexpected<Error> here(std::string_view message) const { return fail_token(token(), message); }

    std::size_t add(Node node) {
        filter_.nodes_.push_back(node);
        return filter_.nodes_.size() - 1;
    }

    Result<std::size_t> disjunction() {
        auto left = conjunction();
        while (left && take("||", "or")) {
            const auto right = conjunction();
            left = right ? Result<std::size_t>(add({Node::Kind::disjunction, *left, *right})) : right;
        }
        return left;
    }

    Result<std::size_t> conjunction() {
        auto left = negation();
        while (left && take("&&", "and")) {
            const auto right = negation();
            left = right ? Result<std::size_t>(add({Node::Kind::conjunction, *left, *right})) : right;
        }
        return left;
    }

    Result<std::size_t> negation() {
        if (++depth_ > kMaxDepth) {
            return here("this is nested too deeply");
        }
        auto result = take("!", "not") ? negated() : primary();
        --depth_;
        return result;
    }

    Result<std::size_t> negated() {
        const auto inner = negation();
        return inner ? Result<std::size_t>(add({Node::Kind::negation, *inner, 0})) : inner;
    }

    Result<std::size_t> primary() {
        if (!take("(")) {
            return comparison();
        }
        const auto inner = disjunction();
        if (inner && !take(")")) {
            return here("expected a closing parenthesis");
        }
        return inner;
    }

    Result<std::size_t> comparison() {
        const Token name = token();
        if (name.kind != Token::Kind::word || name.text == "and" || name.text == "or") {
            return here("expected the name of a field");
        }
        const auto field = fields_.find(name.text);
        if (!field) {
            const std::string_view similar = fields_.similar(name.text);
            return here(
                similar.empty()
                    ? fmt::format("there is no field '{}' (docs/filters.md lists them)", printable(name.text))
                    : fmt::format("there is no field '{}'; is it '{}'?", printable(name.text), similar));
        }
        ++at_;
        Comparison result;
        result.field = slot(field->path);
        const Token sign = token();
        const auto op = read_operator();
        if (!op) {
            result.op = Operator::present;
            return store(std::move(result), false);
        }
        result.op = op->op;
        if (const auto sound = check(*field, op->op); !sound) {
            return fail_token(sign, sound.error().message);
        }
        if (auto read = op->op == Operator::in ? list(*field, result) : literal(*field, result); !read) {
            return std::unexpected(read.error());
        }
        return store(std::move(result), op->negated);
    }

    struct Sign {
        Operator op;
        bool negated = false;
    };

    std::optional<Sign> read_operator() {
        static constexpr std::pair<std::string_view, Sign> kSigns[] = {
            {"==", {Operator::equal}},  {"!=", {Operator::equal, true}},  {"<", {Operator::less}},
            {">", {Operator::greater}}, {"<=", {Operator::less_equal}},   {">=", {Operator::greater_equal}},
            {"~", {Operator::matches}}, {"!~", {Operator::matches, true}}};
        for (const auto& [symbol, sign] : kSigns) {
            if (take(symbol)) {
                return sign;
            }
        }
        if (is_word("in") || is_word("contains")) {
            const bool in = is_word("in");
            ++at_;
            return Sign{in ? Operator::in : Operator::contains};
        }
        return std::nullopt;
    }

    static Result<void> check(const Field& field, Operator op) {
        const bool ordering = op == Operator::less || op == Operator::greater || op == Operator::less_equal ||
                              op == Operator::greater_equal;
        const bool textual = op == Operator::matches || op == Operator::contains;
        if (ordering && !is_ordered(field.type)) {
            return fail(ErrorKind::usage,
                        fmt::format("'{}' is {}, which has no order", field.path, to_string(field.type)));
        }
        if (textual && field.type != FieldType::text) {
            return fail(ErrorKind::usage,
                        fmt::format("'{}' is {}, but this takes text", field.path, to_string(field.type)));
        }
        return {};
    }

    Result<void> literal(const Field& field, Comparison& result) {
        const Token value = token();
        if (value.kind != Token::Kind::word && value.kind != Token::Kind::quoted) {
            return here(fmt::format("expected a value for '{}'", field.path));
        }
        if (value.kind == Token::Kind::quoted && field.type != FieldType::text &&
            field.type != FieldType::address) {
            return here(fmt::format("'{}' is {}, not text", field.path, to_string(field.type)));
        }
        if (result.op == Operator::matches) {
            return regex(value, result);
        }
        auto parsed = parse_literal(value.text, field.type);
        if (!parsed) {
            return here(fmt::format("'{}' {}", field.path, parsed.error().message));
        }
        ++at_;
        result.literals.push_back(*std::move(parsed));
        return {};
    }

    Result<void> regex(const Token& value, Comparison& result) {
        re2::RE2::Options options(re2::RE2::Latin1);  // bytes, not characters
        options.set_log_errors(false);
        options.set_max_mem(kMaxRegexMemory);
        auto compiled = std::make_shared<re2::RE2>(value.text, options);
        if (!compiled->ok()) {
            return here(fmt::format("not a regular expression: {}", printable(compiled->error())));
        }
        ++at_;
        result.regex = std::move(compiled);
        return {};
    }

    Result<void> list(const Field& field, Comparison& result) {
        if (!take("(")) {
            return literal(field, result);  // one network or range
        }
        do {
            if (auto read = literal(field, result); !read) {
                return read;
            }
        } while (take(","));
        return take(")") ? Result<void>() : here("expected a comma or a closing parenthesis");
    }

    std::size_t slot(const std::string& path) {
        filter_.needs_exchange_ = filter_.needs_exchange_ || !is_common(path);
        const auto known = filter_.paths_.index_of(path);
        return known ? *known : filter_.paths_.add(path);
    }

    std::size_t store(Comparison comparison, bool negated) {
        filter_.comparisons_.push_back(std::move(comparison));
        const std::size_t node = add({Node::Kind::comparison, filter_.comparisons_.size() - 1, 0});
        return negated ? add({Node::Kind::negation, node, 0}) : node;
    }

    std::string_view expression_;
    std::vector<Token> tokens_;
    const FieldTable& fields_;
    std::size_t at_ = 0;
    int depth_ = 0;
    WhereFilter filter_;
};

Result<WhereFilter> WhereFilter::parse(std::string_view expression, const FieldTable& fields) {
    if (expression.size() > kMaxExpression) {
        return fail(ErrorKind::usage, "--where: this expression is too long");
    }
    auto tokens = tokenize(expression);
    if (!tokens) {
        return std::unexpected(tokens.error());
    }
    return WhereParser(expression, *std::move(tokens), fields).parse();
}

}  // namespace sslsniff
