// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Values as bytes and back, for what the nodes of one program say to each other. A type is described once:
/// `template <class Bytes, class T> void fields(Bytes&, T&)` names its members to a writer or a reader. There
/// is one encoding of each value. Numbers take eight bytes, lowest first; texts and lists their length
/// before them. No processes, no sockets.
namespace perron::httpd {

class byte_writer {
public:
  explicit byte_writer(std::string& out) noexcept : out_(out) {}

  void operator()(std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      out_ += static_cast<char>(number >> shift);
  }
  void operator()(std::int64_t number) { (*this)(static_cast<std::uint64_t>(number)); }
  void operator()(bool yes) { out_ += yes ? '\1' : '\0'; }
  void operator()(const std::string& text) {
    (*this)(std::uint64_t{text.size()});
    out_ += text;
  }
  template <class T>
  void operator()(const std::vector<T>& list) {
    (*this)(std::uint64_t{list.size()});
    for (const T& each : list)
      (*this)(each);
  }
  template <class T>
  void operator()(const T& value) {
    fields(*this, value);
  }

private:
  std::string& out_;
};

/// Reads what byte_writer wrote; anything may be in it. After the first thing that is wrong it is not `ok`
/// and reads nothing more. Takes no more memory than a small multiple of the bytes that are there.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) noexcept : left_(bytes) {}

  /// Everything was as it has to be, and nothing is left.
  bool ok_at_end() const noexcept { return ok_ && left_.empty(); }

  void operator()(std::uint64_t& number) {
    number = 0;
    const std::string_view eight = take(8);
    for (std::size_t i = 0; i < eight.size(); ++i)
      number |= std::uint64_t{static_cast<unsigned char>(eight[i])} << (8 * i);
  }
  void operator()(std::int64_t& number) {
    std::uint64_t bits = 0;
    (*this)(bits);
    number = static_cast<std::int64_t>(bits);
  }
  void operator()(bool& yes) {
    const std::string_view one = take(1);
    yes = one == std::string_view("\1", 1);
    ok_ = ok_ && (yes || one == std::string_view("\0", 1));
  }
  void operator()(std::string& text) {
    std::uint64_t size = 0;
    (*this)(size);
    text = take(size);
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    std::uint64_t size = 0;
    (*this)(size);
    list.clear();
    for (; ok_ && size > 0; --size) {
      if (left_.empty()) // everything takes a byte at least
        ok_ = false;
      else
        (*this)(list.emplace_back());
    }
  }
  template <class T>
  void operator()(T& value) {
    fields(*this, value);
  }

private:
  std::string_view take(std::uint64_t size) {
    if (!ok_ || size > left_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view out = left_.substr(0, static_cast<std::size_t>(size));
    left_.remove_prefix(out.size());
    return out;
  }

  std::string_view left_;
  bool ok_ = true;
};

/// One of several kinds of message: a byte for its place among the alternatives, then what it is.
template <class Variant>
std::string encode_alternative(const Variant& what) {
  std::string out(1, static_cast<char>(what.index()));
  std::visit([&](const auto& value) { byte_writer{out}(value); }, what);
  return out;
}

/// Nothing if the bytes are not just what encode_alternative gives.
template <class Variant, std::size_t Kind = 0>
std::optional<Variant> decode_alternative(std::string_view bytes) {
  if constexpr (Kind < std::variant_size_v<Variant>) {
    if (bytes.empty() || static_cast<unsigned char>(bytes.front()) != Kind)
      return decode_alternative<Variant, Kind + 1>(bytes);
    std::optional<Variant> out(std::in_place, std::in_place_index<Kind>);
    byte_reader read(bytes.substr(1));
    read(std::get<Kind>(*out));
    if (!read.ok_at_end())
      out.reset();
    return out;
  } else {
    return std::nullopt;
  }
}

} // namespace perron::httpd
