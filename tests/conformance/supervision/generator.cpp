// SPDX-License-Identifier: BSD-3-Clause
#include "conformance/supervision/generator.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace perron::conformance {
namespace {

/// The same numbers everywhere, unlike those of the standard library's distributions (splitmix64).
class dice {
public:
  explicit dice(std::uint64_t seed) : state_(mixed(seed)) {}

  std::uint64_t below(std::uint64_t limit) {
    state_ += 0x9e3779b97f4a7c15U;
    return mixed(state_) % limit;
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class Words>
  std::string pick(const Words& words) {
    return std::string(words[below(words.size())]);
  }

private:
  static std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  std::uint64_t state_;
};

using namespace std::string_view_literals;

constexpr std::array restarts{"permanent"sv, "transient"sv, "temporary"sv};
constexpr std::array reasons{"normal"sv, "shutdown"sv, "shutdown:done"sv, "boom"sv, "bang"sv};
constexpr std::array ways_to_stop{"ends"sv, "ends"sv, "ends"sv, "falls"sv, "falls"sv, "unlinks"sv};

class maker {
public:
  explicit maker(std::uint64_t seed) : dice_(seed), holds_(dice_.one_in(6)) {
    text_ = "scenario seed_" + std::to_string(seed) + '\n';
  }

  scenario make() {
    supervisor("top", "", 0);
    const std::vector<std::string> takers = static_supervisors();
    const std::size_t specs = takers.empty() ? 0 : dice_.below(3);
    for (std::size_t i = 0; i < specs; ++i)
      specs_.push_back(child("spec", dice_.pick(takers)));
    const std::size_t steps = 1 + dice_.below(16);
    for (std::size_t i = 0; i < steps; ++i)
      step();
    return parse(text_);
  }

private:
  struct node {
    std::string name;
    bool simple = false;
    bool may_end = false;   ///< auto_shutdown is on
    bool has_inner = false; ///< may have supervisors below it
    std::vector<std::string> ids{};
  };

  void supervisor(const std::string& name, const std::string& parent, std::size_t depth) {
    node made{name};
    std::string line = "supervisor " + name;
    if (!parent.empty())
      line += " in=" + parent;
    made.simple = dice_.one_in(6);
    const auto strategies =
        std::array{"one_for_one"sv, "one_for_one"sv, "one_for_all"sv, "rest_for_one"sv, "rest_for_one"sv};
    const std::string strategy = made.simple ? "simple_one_for_one" : dice_.pick(strategies);
    line += " strategy=" + strategy;
    line += " intensity=" + std::to_string(dice_.below(7)) + " period=3600";
    if (dice_.one_in(3)) {
      made.may_end = true;
      line += dice_.one_in(2) ? " auto_shutdown=any_significant" : " auto_shutdown=all_significant";
    }
    // one that is killed has none below it, which would end at their leisure while it starts again
    made.has_inner = !holds_ && depth < 2 && !dice_.one_in(3);
    if (!parent.empty()) {
      line += terms(parent);
      if (!made.has_inner && dice_.one_in(4))
        line += dice_.one_in(2) ? " shutdown=brutal_kill" : " shutdown=5000";
      if (dice_.one_in(6))
        line += " start=" + results(false);
    }
    text_ += line + '\n';
    const std::size_t at = supervisors_.size();
    supervisors_.push_back(made);
    if (made.simple) {
      child("child", name);
      return;
    }
    const std::size_t children = dice_.one_in(12) ? 0 : 1 + dice_.below(5);
    for (std::size_t i = 0; i < children; ++i)
      if (made.has_inner && dice_.one_in(3)) {
        const std::string inner = "s" + std::to_string(++names_);
        supervisors_[at].ids.push_back(inner);
        supervisor(inner, name, depth + 1);
      } else {
        child("child", name);
      }
  }

  node& find(const std::string& name) {
    for (node& each : supervisors_)
      if (each.name == name)
        return each;
    return supervisors_.front();
  }

  /// restart and significant, as the supervisor permits.
  std::string terms(const std::string& parent) {
    std::string restart = dice_.pick(restarts);
    std::string out;
    if (find(parent).may_end && restart != "permanent" && dice_.one_in(2))
      out += " significant=true";
    return " restart=" + restart + out;
  }

  /// What successive starts give. A child that never starts again makes its supervisor give up.
  std::string results(bool first_may_fail) {
    std::string out = first_may_fail && dice_.one_in(4) ? failure() : "ok";
    const std::size_t more = 1 + dice_.below(4);
    for (std::size_t i = 0; i < more; ++i) {
      out += ',';
      if (holds_ && dice_.one_in(2))
        out += "held:";
      out += dice_.one_in(2) ? failure() : "ok";
    }
    // the last one counts for ever
    if (holds_ && out.find("held:", out.rfind(',')) != std::string::npos)
      out += ",ok";
    return out;
  }

  std::string failure() {
    constexpr std::array ways{"error:no"sv, "error:no"sv, "error:never"sv, "throws:oops"sv, "ignore"sv};
    return dice_.pick(ways);
  }

  std::string child(const std::string& word, const std::string& parent) {
    node& of = find(parent);
    std::string name = "c" + std::to_string(++names_);
    std::string line = word + ' ' + name + " in=" + parent + terms(parent);
    if (dice_.one_in(holds_ ? 2 : 3)) {
      std::string each = results(word == "spec" || dice_.one_in(8));
      // OTP keeps a child without a process then, see differences.txt
      if (of.simple)
        for (std::size_t at = each.find("ignore"); at != std::string::npos; at = each.find("ignore"))
          each.replace(at, 6, "error:no");
      line += " start=" + each;
    }
    std::string stop = dice_.pick(ways_to_stop);
    std::string shutdown;
    if (dice_.one_in(10)) {
      stop = "ignores";
      // times that a busy machine does not use up before the child has been told
      const std::string time = !of.simple && dice_.one_in(4) ? "0" : std::to_string(5 + dice_.below(4));
      shutdown = dice_.one_in(3) ? "brutal_kill" : time;
    } else if (dice_.one_in(8)) {
      stop = "dies:" + dice_.pick(reasons);
    }
    if (shutdown.empty() && dice_.one_in(4))
      shutdown = dice_.one_in(2) ? "brutal_kill" : dice_.one_in(3) && !of.simple ? "0" : "infinity";
    line += " stop=" + stop;
    if (!shutdown.empty())
      line += " shutdown=" + shutdown;
    if (dice_.one_in(12))
      line += " type=supervisor" + std::string(shutdown.empty() ? " shutdown=5000" : "");
    text_ += line + '\n';
    if (word == "child" || dice_.one_in(3))
      workers_.push_back(name);
    if (word == "child" && !of.simple)
      of.ids.push_back(name);
    return name;
  }

  /// Those that take specs of any kind; a simple one's children have none of their own.
  std::vector<std::string> static_supervisors() const {
    std::vector<std::string> out;
    for (const node& each : supervisors_)
      if (!each.simple)
        out.push_back(each.name);
    return out;
  }

  std::string worker() {
    std::string name = workers_.empty() ? "c1" : dice_.pick(workers_);
    if (dice_.one_in(4))
      name += '#' + std::to_string(1 + dice_.below(3));
    return name;
  }

  void step() {
    const node& of = supervisors_[dice_.below(supervisors_.size())];
    if (holds_ && dice_.one_in(4)) {
      text_ += "release\n";
      return;
    }
    const std::uint64_t what = dice_.below(100);
    if (of.simple && what < 40)
      text_ +=
          "start_with " + of.name + (dice_.one_in(3) ? "" : " x" + std::to_string(dice_.below(9))) + '\n';
    else if (what < 50)
      text_ += "exit " + worker() + ' ' + dice_.pick(reasons) + '\n';
    else if (what < 55)
      text_ += "kill " + worker() + '\n';
    else if (what < 58)
      text_ += "unlink " + worker() + '\n';
    else if (what < 61 && !of.has_inner && !holds_)
      text_ += "kill " + of.name + '\n';
    else if (what < 62)
      text_ += "signal " + dice_.pick(reasons) + '\n';
    else if (what < 64)
      text_ += "foreign " + of.name + ' ' + dice_.pick(reasons) + '\n';
    else if (what < 65)
      text_ += "message " + of.name + '\n';
    else if (what < 70 && !(holds_ && of.simple)) // OTP counts wrong then, see differences.txt
      text_ += "terminate_pid " + of.name + ' ' + worker() + '\n';
    else if (what < 73)
      text_ += "get_pid " + of.name + ' ' + worker() + '\n';
    else if (what < 76 && holds_)
      text_ += (dice_.one_in(2) ? "which " : "count ") + of.name + '\n';
    else if (what < 79 && !specs_.empty())
      text_ += "start " + dice_.pick(specs_) + '\n';
    else
      by_id(of);
  }

  void by_id(const node& of) {
    constexpr std::array verbs{"restart"sv, "terminate"sv, "terminate"sv, "delete"sv, "get"sv};
    std::vector<std::string> ids = of.ids;
    if (ids.empty() || dice_.one_in(4))
      ids.insert(ids.end(), specs_.begin(), specs_.end());
    if (ids.empty() || dice_.one_in(8))
      ids.emplace_back("nobody");
    text_ += dice_.pick(verbs) + ' ' + of.name + ' ' + dice_.pick(ids) + '\n';
  }

  dice dice_;
  bool holds_; ///< starts may be held, so that steps are taken in between; then there is one supervisor only
  std::string text_;
  std::vector<node> supervisors_;
  std::vector<std::string> workers_;
  std::vector<std::string> specs_;
  std::size_t names_ = 0;
};

} // namespace

scenario make_scenario(std::uint64_t seed) { return maker(seed).make(); }

} // namespace perron::conformance
