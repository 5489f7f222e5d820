// SPDX-License-Identifier: BSD-3-Clause
#include "support/interleave_explorer.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

namespace perron::interleave::detail {

std::string explorer::name_of(const void* address) const {
  const auto* at = static_cast<const char*>(address);
  const label_of* best = nullptr;
  for (const label_of& l : labels_)
    if (at >= l.begin && at < l.begin + l.size && (best == nullptr || l.size < best->size))
      best = &l;
  if (best == nullptr)
    return "?";
  std::size_t inside = 0;
  std::size_t place = 0;
  for (const location* where : locations_) {
    const auto* there = reinterpret_cast<const char*>(where);
    if (there < best->begin || there >= best->begin + best->size)
      continue;
    if (there == at)
      place = inside;
    ++inside;
  }
  return inside > 1 ? best->name + "[" + std::to_string(place) + "]" : best->name;
}

std::string explorer::value_text(std::uint64_t bits) const {
  for (const label_of& l : labels_)
    if (reinterpret_cast<std::uintptr_t>(l.begin) == bits)
      return l.name;
  char text[32];
  std::snprintf(text, sizeof text, bits < 0x10000 ? "%llu" : "0x%llx", static_cast<unsigned long long>(bits));
  return text;
}

std::string explorer::text_of(const step& s) const {
  if (s.what == step::kind::note)
    return std::string("-- ") + s.text;
  const std::string place = s.op.where != nullptr ? name_of(s.op.where) + ": " : "";
  const std::string before = value_text(s.before);
  const std::string change = before + " -> " + value_text(s.after);
  if (s.what == step::kind::flush)
    return "   (" + place + "the store arrives: " + change + ")";
  switch (s.op.what) {
  case action::load:
    return place + "load " + before + (s.own_store ? " (from its own buffer)" : "");
  case action::store:
    return place + "store " + (s.own_store ? value_text(s.after) + " (buffered)" : change);
  case action::exchange:
    return place + "exchange " + change;
  case action::compare_exchange:
    if (s.done)
      return place + "compare-exchange " + change;
    return place + "compare-exchange " + value_text(s.op.expected) + " -> " + value_text(s.after) + " fails" +
           (s.before == s.op.expected ? " spuriously" : ", finds " + before);
  case action::add:
    return place + "add: " + change;
  case action::subtract:
    return place + "subtract: " + change;
  case action::take:
    return place + (s.done ? "wait: " + change : "waits for ever");
  case action::fence:
    return "fence";
  case action::heavy_barrier:
    return "heavy barrier";
  }
  return {};
}

void explorer::write_report() {
  std::string text = violated_;
  if (violated_by_ != 0)
    text += std::string(" (in ") + threads_[violated_by_].name + ")";
  text += "\n";
  std::size_t width = 0;
  for (std::size_t i = 1; i < used_; ++i)
    width = std::max(width, std::string(threads_[i].name).size());
  for (const step& s : steps_) {
    std::string name = threads_[s.thread].name;
    name.resize(std::max(width, name.size()), ' ');
    text += "  " + name + "  " + text_of(s) + "\n";
  }
  violation_ = std::move(text);
}

} // namespace perron::interleave::detail
