// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "reading.hpp"

#include <string>
#include <string_view>

namespace perron::differential {

enum class peer { http_parser, beast };

/// How our reading of a request stands to that of a peer.
struct verdict {
  enum class kind {
    same,      ///< both take it, and for the same
    undecided, ///< neither refuses it, neither has all of it
    both_refuse,
    stricter, ///< we refuse what the peer takes or waits for; `what`: why
    allowed,  ///< we take it, the peer does not or not so, and the RFC says that we are right; `what`: the
              ///< rule
    wrong,    ///< the same without such a rule; `what`: the difference
  };
  kind how;
  std::string what;
};

verdict compare(const reading& ours, const reading& theirs, peer whose);

} // namespace perron::differential
