// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/connections.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace perron::soak {

/// What activities that ask by GET have in common: sends a question, reads its answer, counts and times it.
class http_activity : public activity {
public:
  std::size_t received(link& l, std::string_view bytes) override;
  void gone(link& l) override { bodies_.erase(all_.index_of(l)); }

protected:
  enum class bodies : std::uint8_t { skipped, kept };
  enum class times : std::uint8_t { untaken, taken };

  http_activity(connections& all, const std::string& path, bodies what, times when)
      : all_(all), request_(get(path)), keeps_bodies_(what == bodies::kept),
        takes_times_(when == times::taken) {}

  /// The head of a GET of `path`, with `fields`, each ended by CR LF.
  std::string get(std::string_view path, std::string_view fields = {}) const;

  void ask(link& l, std::int64_t due_ns) { ask(l, request_, due_ns); }
  void ask(link& l, std::string_view request, std::int64_t due_ns);

  /// Counts an answer that is whole now, and times it if times are taken.
  void count_answer(const link& l);
  /// For expected_end(): whether the answer is one whose body ends with the connection. It is whole then.
  bool ended_whole(const link& l);

  /// The answer is there as a whole; its status and whether it closes are in l.answer. Without kept bodies,
  /// `body` is empty. Where the answer closes, the callee has to reopen or close the link.
  virtual void answered(link& l, std::string_view body) = 0;
  /// A piece of a body.
  virtual void piece(link&, std::string_view) {}

  connections& all_;
  const std::string request_;

private:
  const bool keeps_bodies_;
  const bool takes_times_;
  std::unordered_map<std::uint32_t, std::string> bodies_; // of answers that come in pieces
};

} // namespace perron::soak
