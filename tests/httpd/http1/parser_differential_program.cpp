// SPDX-License-Identifier: BSD-3-Clause
//
// A second and a third opinion on our request parser: `parser_differential_program [--seeds A-B]` makes the
// bytes of a connection from each seed, and compares what we, Debian's libhttp-parser and Boost.Beast make of
// them. Ends with 1 if we take what another refuses, or take it for something else, and no rule of the RFC
// says that we are right; or if our reading depends on how the bytes were cut.
#include "parser_differential/comparison.hpp"
#include "parser_differential/generator.hpp"
#include "parser_differential/reading.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::differential;

constexpr std::size_t most_samples = 40;

std::string escaped(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n\n      ";
    } else if (byte < 0x20 || byte > 0x7e || c == '\\') {
      char text[8];
      std::snprintf(text, sizeof text, "\\x%02x", byte);
      out += text;
    } else {
      out += c;
    }
  }
  return out;
}

struct tally {
  std::uint64_t requests = 0;
  std::uint64_t readings[3] = {}; ///< ours: complete, need_more, bad
  std::uint64_t cut_wrong = 0;
  std::uint64_t kinds[2][6] = {};
  std::map<std::string, std::uint64_t> stricter[2];
  std::map<std::string, std::uint64_t> allowed[2];
  std::map<std::string, std::uint64_t> wrong[2];
  std::size_t samples = 0;

  bool is_good() const { return cut_wrong == 0 && wrong[0].empty() && wrong[1].empty(); }
};

constexpr std::string_view names[] = {"libhttp-parser", "Beast"};

void show(tally& all, std::uint64_t seed, std::string_view whose, std::string_view what,
          std::string_view bytes) {
  if (all.samples++ < most_samples)
    std::printf("seed %llu, %s: %s\n      %s\n", static_cast<unsigned long long>(seed),
                std::string(whose).c_str(), std::string(what).c_str(), escaped(bytes).c_str());
}

void check_cuts(std::uint64_t seed, std::string_view bytes, tally& all) {
  std::vector<std::size_t> every(bytes.size());
  std::iota(every.begin(), every.end(), std::size_t(1));
  if (is_same_in_pieces(bytes, every) && is_same_in_pieces(bytes, cuts_of(seed, bytes.size())))
    return;
  ++all.cut_wrong;
  show(all, seed, "perron", "depends on the cuts", bytes);
}

void check(std::uint64_t seed, tally& all) {
  const std::string connection = requests_of(seed);
  std::string_view bytes = connection;
  while (!bytes.empty()) {
    const reading ours = read_with_perron(bytes);
    ++all.requests;
    ++all.readings[static_cast<int>(ours.how)];
    check_cuts(seed, bytes, all);
    const reading theirs[] = {read_with_http_parser(bytes), read_with_beast(bytes)};
    for (int i = 0; i < 2; ++i) {
      const verdict v = compare(ours, theirs[i], static_cast<peer>(i));
      ++all.kinds[i][static_cast<int>(v.how)];
      if (v.how == verdict::kind::stricter)
        ++all.stricter[i][v.what];
      else if (v.how == verdict::kind::allowed)
        ++all.allowed[i][v.what];
      else if (v.how == verdict::kind::wrong && ++all.wrong[i][v.what] <= 3)
        show(all, seed, names[i], v.what, bytes);
    }
    if (!ours.is_complete() || !ours.keep_alive)
      break; // a server reads no further
    bytes.remove_prefix(ours.consumed);
  }
}

void list(const char* title, const std::map<std::string, std::uint64_t>& of) {
  if (!of.empty())
    std::printf("  %s\n", title);
  for (const auto& [what, count] : of)
    std::printf("    %8llu  %s\n", static_cast<unsigned long long>(count), what.c_str());
}

void report(const tally& all) {
  const auto n = [](std::uint64_t count) { return static_cast<unsigned long long>(count); };
  std::printf("%llu requests: %llu taken, %llu refused, %llu not complete; cuts that matter: %llu\n",
              n(all.requests), n(all.readings[0]), n(all.readings[2]), n(all.readings[1]), n(all.cut_wrong));
  for (int i = 0; i < 2; ++i) {
    const auto& k = all.kinds[i];
    std::printf(
        "%s: same %llu, both incomplete %llu, both refuse %llu, stricter %llu, allowed %llu, WRONG %llu\n",
        std::string(names[i]).c_str(), n(k[0]), n(k[1]), n(k[2]), n(k[3]), n(k[4]), n(k[5]));
    list("we refuse it, the peer does not:", all.stricter[i]);
    list("we take it, the peer does not or for something else, and the RFC is on our side:", all.allowed[i]);
    list("WRONG:", all.wrong[i]);
  }
}

} // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 1;
  std::uint64_t last = 20'000;
  if (argc == 3 && std::string_view(argv[1]) == "--seeds") {
    char* end = nullptr;
    first = std::strtoull(argv[2], &end, 10);
    last = *end == '-' ? std::strtoull(end + 1, nullptr, 10) : first;
  } else if (argc != 1) {
    std::fprintf(stderr, "usage: %s [--seeds FIRST-LAST]\n", argv[0]);
    return 2;
  }
  tally all;
  for (std::uint64_t seed = first; seed <= last; ++seed)
    check(seed, all);
  report(all);
  return all.is_good() ? 0 : 1;
}
