// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/tree_text.hpp>

#include <perron/supervisors/core/log.hpp>

#include <string_view>

namespace perron::supervisors::core {
namespace {

std::string description(const tree_node& what) {
  std::string line = printable(what.id);
  const auto add = [&](std::string_view word) {
    if (!line.empty())
      line += ' ';
    line += word;
  };
  if (what.who)
    add(to_string(what.who));
  if (!what.name.empty())
    add("\"" + printable(what.name) + "\"");
  add(what.supervisor ? "supervisor" : "worker");
  if (!what.strategy.empty())
    add(what.strategy);
  if (what.restart)
    add(to_string(*what.restart));
  if (what.state == child_info::state_type::restarting)
    add("(restarting)");
  else if (what.state == child_info::state_type::stopped)
    add("(stopped)");
  else if (!what.answers)
    add("(does not answer)");
  return line;
}

/// The first `width` characters of a text in UTF-8; the last one says that there is more.
std::string cut(std::string_view line, std::size_t width) {
  std::size_t characters = 0;
  std::size_t keep = 0; // bytes of the first width - 1 characters
  for (std::size_t at = 0; at < line.size(); ++at) {
    if ((static_cast<unsigned char>(line[at]) & 0xc0U) == 0x80U)
      continue; // goes on with the character before
    if (characters + 1 == width)
      keep = at;
    if (++characters > width)
      return std::string(line.substr(0, keep)) + "…";
  }
  return std::string(line);
}

class text_writer {
public:
  explicit text_writer(std::size_t width) : width_(width) {}

  void write(const tree_node& what, const std::string& before) {
    const std::size_t all = what.children.size() + (what.more != 0 ? 1 : 0);
    std::size_t index = 0;
    for (const tree_node& each : what.children) {
      const bool last = ++index == all;
      add(before + (last ? "└── " : "├── ") + description(each));
      write(each, before + (last ? "    " : "│   "));
    }
    if (what.more != 0)
      add(before + "└── … " + with_commas(what.more) + " more");
  }

  void add(std::string_view line) { text_ += cut(line, width_) + "\n"; }

  std::string take() { return std::move(text_); }

private:
  const std::size_t width_;
  std::string text_;
};

} // namespace

std::string with_commas(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, 1, ',');
  return digits;
}

std::string tree_text(const tree_node& top, std::size_t width) {
  text_writer writer(width);
  writer.add(description(top));
  writer.write(top, "");
  return writer.take();
}

} // namespace perron::supervisors::core
