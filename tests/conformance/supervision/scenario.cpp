// SPDX-License-Identifier: BSD-3-Clause
#include "conformance/supervision/scenario.hpp"

#include "conformance/supervision/words.hpp"

#include <cstddef>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace perron::conformance {
namespace {

declaration declared(const std::vector<std::string>& words) {
  declaration out;
  out.what = words[0] == "supervisor" ? declaration::kind::supervisor : declaration::kind::worker;
  out.listed = words[0] != "spec";
  out.name = words.at(1);
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (equals == std::string::npos)
      throw std::invalid_argument("not key=value: " + words[i]);
    out.keys[words[i].substr(0, equals)] = words[i].substr(equals + 1);
  }
  return out;
}

} // namespace

std::string declaration::get(const std::string& key, const std::string& otherwise) const {
  const auto at = keys.find(key);
  return at == keys.end() ? otherwise : at->second;
}

const declaration* scenario::find(std::string_view part) const {
  for (const declaration& each : parts)
    if (each.name == part)
      return &each;
  return nullptr;
}

scenario parse(std::string text) {
  scenario out;
  for (const std::string& line : split(text, '\n')) {
    std::vector<std::string> words = split(line, ' ');
    if (words.empty() || words[0].starts_with('#'))
      continue;
    if (words[0] == "scenario")
      out.name = words.at(1);
    else if (words[0] == "supervisor" || words[0] == "child" || words[0] == "spec")
      out.parts.push_back(declared(words));
    else
      out.steps.push_back(std::move(words));
  }
  if (out.name.empty() || out.find("top") == nullptr)
    throw std::invalid_argument("a scenario without a name or a supervisor top:\n" + text);
  for (const declaration& each : out.parts)
    if (out.find(each.in()) == nullptr)
      throw std::invalid_argument(out.name + ": " + each.name + " belongs to nobody");
  out.text = std::move(text);
  return out;
}

std::vector<scenario> read_scenarios(const std::string& path) {
  std::ifstream in(path);
  if (!in)
    throw std::runtime_error("cannot read " + path);
  std::vector<scenario> out;
  std::string text;
  const auto close = [&] {
    if (text.starts_with("scenario "))
      out.push_back(parse(std::move(text)));
    text.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("scenario "))
      close();
    text += line + '\n';
  }
  close();
  return out;
}

} // namespace perron::conformance
