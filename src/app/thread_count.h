#pragma once

#include "app/options.h"

namespace sslsniff {

/// What --threads takes.
inline constexpr unsigned kMostThreads = 16;

/// How many threads render what is captured or read, where `cpus` may run them: as --threads says, else what
/// helps. Reading is as fast as rendering is. A live capture shares the processors with what it captures, and
/// seldom needs a whole one: on up to two of them it has one thread.
unsigned thread_count(const Options& options, unsigned cpus);

/// The processors that this process may use, at least one.
unsigned usable_cpus();

}  // namespace sslsniff
