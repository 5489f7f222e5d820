// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/values.hpp>

#include <string>
#include <vector>

/// Whoever has one certificate writes three keys, whoever has several a list: both fill `certificates`.
namespace perron::httpd::program::values {

/// A key for one part of the first certificate, which is made if need be.
template <class Object>
value_codec certificate_part(std::string certificate_settings::*part) {
  auto codec = path(
      [part](void* object) -> std::string& {
        auto& all = static_cast<Object*>(object)->certificates;
        if (all.empty())
          all.emplace_back();
        return all.front().*part;
      },
      path_kind::file);
  codec.show = [part](const void* object) {
    const auto& all = static_cast<const Object*>(object)->certificates;
    return all.size() != 1 || (all.front().*part).empty() ? std::string() : toml_text(all.front().*part);
  };
  return codec;
}

template <class Object>
value_codec certificate_list() {
  auto codec = tables(&Object::certificates, certificate_keys());
  codec.objects = [objects = codec.objects](const void* object) {
    auto all = objects(object);
    return all.size() > 1 ? all : std::vector<const void*>{};
  };
  return codec;
}

} // namespace perron::httpd::program::values
