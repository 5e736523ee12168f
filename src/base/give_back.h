#pragma once

#include <utility>

namespace sslsniff {

/// Empties `what` and gives its memory back. Assigning an empty string does not: it keeps its capacity.
template <class T>
void give_back(T& what) {
    T fresh{};
    std::swap(what, fresh);
}

}  // namespace sslsniff
