// SPDX-License-Identifier: BSD-3-Clause
#include "generator.hpp"

#include <algorithm>
#include <array>

namespace perron::differential {
namespace {

using list = std::initializer_list<std::string_view>;

std::string_view any(dice& d, list of) { return d.any({of.begin(), of.size()}); }

/// Mostly the first.
std::string_view mostly(dice& d, std::size_t one_in, list of) {
  return d.is_odd(one_in) ? any(d, of) : *of.begin();
}

std::string_view line_end(dice& d) {
  return mostly(d, 400, {"\r\n", "\n", "\r", "\r\r\n", "\n\r", " \r\n", "\r\n "});
}

std::string_view method(dice& d) {
  return d.is_odd(60) ? any(d, {"get", "BREW", "G-T", "GET\t", "", "M!", "HTTP/1.1", "GE T", "PRI"})
                      : any(d, {"GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "PATCH",
                                "TRACE", "PROPFIND", "SEARCH", "PURGE"});
}

std::string target(dice& d, std::string_view of_method) {
  if (of_method == "CONNECT" && !d.one_in(8))
    return std::string(
        any(d, {"a:443", "[::1]:443", "a.example:80", "a", "a:", ":80", "u@a:80", "1.2.3.4:65535"}));
  if (of_method == "OPTIONS" && d.one_in(2))
    return std::string(any(d, {"*", "http://a", "http://a:80", "http://a/", "**", "*a"}));
  std::string out(any(d, {"/", "/a", "/a/b/c?d=e&f", "/%41", "//", "/a//b", "/?", "/..", "/a;b=c", "/a:80@b",
                          "/a?b?c", "/index.html", "/a+b", "/~a", "/a'(b)*", "/a?http://b/"}));
  if (d.is_odd(4))
    out = any(d, {"http://a/",
                  "http://a",
                  "http://a:80/b?c",
                  "http://a?b",
                  "https://a.example/x",
                  "HTTP://A/",
                  "http://[::1]/",
                  "http://[::1]:80/a",
                  "http://u@a/",
                  "http://u:p@a/",
                  "http:///a",
                  "http://a:b/",
                  "http://a:/",
                  "http:a",
                  "http:/a",
                  "ftp://a/",
                  "://a",
                  "http://",
                  "http://a b/",
                  "a:80",
                  "a",
                  "*",
                  "?",
                  "http://a_b/",
                  "http://a..b/",
                  "http://-/",
                  "http://%41/",
                  "http://a@/",
                  "http://a@b@c/",
                  "/\\a",
                  "/<a>",
                  "/\"a\"",
                  "/{a}",
                  "/|",
                  "/^",
                  "/`",
                  "/#",
                  "/a#b",
                  "/\xc3\xa9",
                  "/\x7f",
                  "/\x01",
                  "http://a$b/",
                  "http://a;b/",
                  "http://a&b/",
                  "http://a/?#"});
  return out;
}

std::string_view version(dice& d) {
  return d.is_odd(25)
             ? any(d, {"HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.10", "HTTP/11",
                       "HTTP/1.", "HTTP/1", "HTTP/+1.1", "HTTP/1.1 ", "HTTP/1,1", "ICE/1.0", "HTTPS/1.1"})
             : any(d, {"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"});
}

std::string number(dice& d, std::size_t n) {
  std::string plain = std::to_string(n);
  if (!d.is_odd(12))
    return plain;
  switch (d.below(14)) {
  case 0:
    return "+" + plain;
  case 1:
    return "0" + plain;
  case 2:
    return "0x" + plain;
  case 3:
    return plain + "," + plain;
  case 4:
    return plain + ", " + plain;
  case 5:
    return "-" + plain;
  case 6:
    return plain + " ";
  case 7:
    return plain + "\t ";
  case 8:
    return "18446744073709551616";
  case 9:
    return "18446744073709551615";
  case 10:
    return plain + ".0";
  case 11:
    return plain + " 1";
  case 12:
    return "";
  default:
    return plain + ";";
  }
}

std::string_view coding(dice& d) {
  return d.is_odd(4) ? any(d, {"Chunked",
                               "CHUNKED",
                               " chunked ",
                               "\tchunked",
                               "gzip",
                               "gzip, chunked",
                               "chunked, gzip",
                               "identity",
                               "chunked,",
                               ",chunked",
                               "chunked, chunked",
                               "xchunked",
                               "chunkedx",
                               "chun ked",
                               "\"chunked\"",
                               "chunked;q=1",
                               "",
                               "chunked\x0b",
                               "chunked, identity",
                               "identity, chunked",
                               "gzip;a=\"b, chunked\"",
                               "chunked\t"})
                     : "chunked";
}

/// A line "name: value", in a way that few but all parsers of old have let pass now and then.
std::string field(dice& d, std::string_view name, std::string_view value) {
  std::string out;
  if (d.is_odd(300))
    out += any(d, {" ", "\t", "\x0b", "\xef\xbb\xbf", "\r"});
  out += name;
  if (d.one_in(10) && !out.empty()) {
    const std::size_t at = d.below(out.size());
    const char c = out[at];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
      out[at] = static_cast<char>(c ^ 0x20);
  }
  out += mostly(d, 150, {":", " :", "\t:", "", "::", ";", "\x0b:", "\r:"});
  out += mostly(d, 6, {" ", "", "\t", "  ", " \t ", "\r\n ", "\n"});
  out += value;
  out += mostly(d, 30, {"", " ", "\t", "  ", "\x0b", "\x0c"});
  out += line_end(d);
  if (d.is_odd(150))
    out += any(d, {" folded\r\n", "\tchunked\r\n", " 5\r\n", " \r\n"});
  return out;
}

std::string other_field(dice& d) {
  switch (d.below(14)) {
  case 0:
    return field(d, "Connection",
                 any(d, {"close", "keep-alive", "upgrade", "Close", "keep-alive, close", "x", "", "close,",
                         ",", "keep-alive, upgrade", "close, x", "\"close\"", "TE"}));
  case 1:
    return field(d, "Expect", any(d, {"100-continue", "100-Continue", "other"}));
  case 2:
    return field(d, "Upgrade", any(d, {"websocket", "h2c", ""}));
  case 3:
    return field(d, "Content_Length", "3");
  case 4:
    return field(d, any(d, {"X-Transfer-Encoding", "Transfer-Encodin", "Transfer_Encoding", "Content-Lengt"}),
                 "chunked");
  case 5:
    return field(d, "Proxy-Connection", any(d, {"close", "keep-alive", "x"}));
  case 6:
    return field(d, any(d, {"!#$%&'*+-.^_`|~", "X(", "X@", "X\x80", "\"X\"", "X/Y", "X{}"}), "v");
  case 7:
    return field(
        d, "X",
        any(d, {"\x80\xff", "a\x01z", "a\x7f", "a\tb", "a\rb", "a\nb", std::string_view("a\0b", 3), ""}));
  case 8:
    return field(d, "Trailer", "X");
  case 9:
    return field(d, "Cookie", "a=b; c=\"d, e\"");
  default:
    return field(d, any(d, {"User-Agent", "Accept", "X-Long-Name-Of-A-Field", "Accept-Encoding"}),
                 "a, b;q=0.5 (c)");
  }
}

std::string host_lines(dice& d) {
  if (!d.is_odd(8))
    return field(d, "Host", any(d, {"a", "a:80", "example.org"}));
  switch (d.below(4)) {
  case 0:
    return {};
  case 1:
    return field(d, "Host", "a") + field(d, "Host", any(d, {"a", "b"}));
  default:
    return field(d, "Host",
                 any(d, {"", "a b", "a,b", "a/b", "u@a", "[::1]", "[::1", "a:b", "a:65536", "a\tb", "%41",
                         "a..b", "\xc3\xa9", "a:80:80", "[::1]:80", "a_b", "*", "http://a/"}));
  }
}

std::string content_bytes(dice& d, std::size_t size) {
  std::string out;
  while (out.size() < size)
    out += any(d, {"a", "GET / HTTP/1.1\r\nHost: b\r\n\r\n", "\r\n", "0\r\n\r\n", "5\r\n", "\n",
                   std::string_view("\0", 1), "xyz"});
  out.resize(size);
  return out;
}

std::string hex(dice& d, std::size_t n) {
  constexpr std::string_view lower = "0123456789abcdef";
  constexpr std::string_view upper = "0123456789ABCDEF";
  const auto digits = d.one_in(3) ? upper : lower;
  std::string out;
  do
    out.insert(out.begin(), digits[n % 16]);
  while ((n /= 16) != 0);
  if (!d.is_odd(12))
    return out;
  switch (d.below(12)) {
  case 0:
    return "0" + out;
  case 1:
    return "0x" + out;
  case 2:
    return "00000000000000000000" + out;
  case 3:
    return out + " ";
  case 4:
    return " " + out;
  case 5:
    return "+" + out;
  case 6:
    return "-" + out;
  case 7:
    return "1000000000000000" + out;
  case 8:
    return out + "\t";
  case 9:
    return out + "g";
  case 10:
    return "";
  default:
    return "ffffffffffffffff";
  }
}

std::string extension(dice& d) {
  if (!d.is_odd(5))
    return {};
  return std::string(any(d, {";a",         ";a=b",
                             "; a=b",      ";a=\"b\"",
                             " ;a",        ";a = b",
                             ";a=\"b;c\"", ";a=\"b\\\"c\"",
                             ";",          ";;",
                             ";a=",        ";=b",
                             ";a=\"b",     ";a;b;c=d",
                             "a",          ";a=\"b\r\n\"",
                             ";a\n",       ";a\r",
                             ";\x01",      ";a=b c",
                             ";\xc3\xa9",  ";a=\"\xc3\xa9\"",
                             "\t;a",       ";a\t=b",
                             ";a=\"\t\"",  ";a=\"\x01\""}));
}

std::string chunk_end(dice& d) {
  return std::string(mostly(d, 80, {"\r\n", "\n", "\r", "", "\r\n\r\n", "x\r\n", " \r\n"}));
}

std::string chunked_content(dice& d) {
  std::string out;
  for (std::size_t left = d.below(4); left > 0; --left) {
    const std::size_t size = 1 + d.below(d.one_in(5) ? 40 : 6);
    out += hex(d, size) + extension(d) + chunk_end(d) + content_bytes(d, d.is_odd(60) ? size + 1 : size) +
           chunk_end(d);
  }
  out += mostly(d, 20, {"0", "00", "000000000000000000000", "", "0 ", "-0", "0x0"});
  out += extension(d) + chunk_end(d);
  for (std::size_t left = d.one_in(4) ? 1 + d.below(2) : 0; left > 0; --left)
    out += d.one_in(5) ? field(d, any(d, {"Content-Length", "Transfer-Encoding", "Host", "Connection"}),
                               any(d, {"3", "chunked", "a", "close"}))
                       : field(d, "X-Trailer", "v");
  return out + chunk_end(d);
}

std::string shuffled(dice& d, std::vector<std::string> lines) {
  for (std::size_t i = lines.size(); i > 1; --i)
    std::swap(lines[i - 1], lines[d.below(i)]);
  std::string out;
  for (const std::string& line : lines)
    out += line;
  return out;
}

std::string one_request(dice& d) {
  std::string out(mostly(d, 40, {"", "\r\n", "\r\n\r\n", "\n", "\r", " ", "\r\n\r\n\r\n\r\n\r\n"}));
  const std::string_view verb = method(d);
  const auto space = [&d] { return mostly(d, 150, {" ", "  ", "\t", "", "\x0b", " \t", "\r", "\x0c"}); };
  out += verb;
  out += space();
  out += target(d, verb);
  out += space();
  out += version(d);
  out += line_end(d);

  std::vector<std::string> lines{host_lines(d)};
  for (std::size_t left = d.below(4); left > 0; --left)
    lines.push_back(other_field(d));
  std::string content;
  const std::size_t size = d.below(24);
  switch (d.below(8)) {
  case 0:
  case 1:
    break;
  case 2:
  case 3:
    lines.push_back(field(d, "Content-Length", number(d, size)));
    content = content_bytes(d, size);
    break;
  case 4:
  case 5:
    lines.push_back(field(d, "Transfer-Encoding", coding(d)));
    content = chunked_content(d);
    break;
  case 6:
    lines.push_back(field(d, "Content-Length", "0"));
    break;
  default: // what smuggling is made of
    for (std::size_t left = 1 + d.below(2); left > 0; --left)
      lines.push_back(field(d, "Content-Length", number(d, size)));
    for (std::size_t left = d.below(3); left > 0; --left)
      lines.push_back(field(d, "Transfer-Encoding", coding(d)));
    content = d.one_in(2) ? chunked_content(d) : content_bytes(d, size);
  }
  out += shuffled(d, std::move(lines));
  out += line_end(d);
  return out + content;
}

/// A few bytes other than they were.
void mutate(dice& d, std::string& text) {
  using namespace std::string_view_literals;
  constexpr auto bytes = "\r\n\t :;,=\"\\\0\x01\x0b\x0c\x1f\x7f\x80\xff/?#%*09aAfFgG-+_.[]{}()<>@"sv;
  for (std::size_t left = 1 + d.below(3); left > 0 && !text.empty(); --left) {
    const std::size_t at = d.below(text.size());
    const std::size_t some = std::min(1 + d.below(d.one_in(4) ? 20 : 2), text.size() - at);
    const char byte = bytes[d.below(bytes.size())];
    switch (d.below(6)) {
    case 0:
      text[at] = byte;
      break;
    case 1:
      text.insert(at, 1, byte);
      break;
    case 2:
      text.erase(at, some);
      break;
    case 3:
      text.insert(at, text.substr(at, some));
      break;
    case 4:
      text[at] = static_cast<char>(text[at] ^ (1 << d.below(8)));
      break;
    default:
      text.insert(d.below(text.size()), text.substr(at, some));
    }
  }
}

} // namespace

std::string requests_of(std::uint64_t seed) {
  dice d(seed);
  std::string out;
  for (std::size_t left = 1 + d.below(3); left > 0; --left)
    out += one_request(d);
  if (d.is_odd(3))
    mutate(d, out);
  return out;
}

std::vector<std::size_t> cuts_of(std::uint64_t seed, std::size_t size) {
  dice d(seed);
  std::vector<std::size_t> cuts;
  const std::size_t step = 1 + d.below(4) * d.below(12);
  for (std::size_t at = step; at < size; at += d.one_in(3) ? 1 + d.below(step) : step)
    cuts.push_back(at);
  cuts.push_back(size);
  return cuts;
}

} // namespace perron::differential
