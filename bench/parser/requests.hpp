// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace perron::bench {

// Heads as they come: the least that is one, that of a load generator, and that of a browser.

inline constexpr std::string_view minimal_request = "GET /hello HTTP/1.1\r\n"
                                                    "Host: localhost\r\n"
                                                    "\r\n";

inline constexpr std::string_view generator_request = "GET /hello HTTP/1.1\r\n"
                                                      "Host: 127.0.0.1:8080\r\n"
                                                      "User-Agent: bench/1.0\r\n"
                                                      "Accept: */*\r\n"
                                                      "Connection: keep-alive\r\n"
                                                      "\r\n";

inline constexpr std::string_view browser_request =
    "GET /rooms/platform-9/messages?after=1284&wait=25 HTTP/1.1\r\n"
    "Host: chat.example.org\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua: \"Chromium\";v=\"128\", \"Not;A=Brand\";v=\"24\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 "
    "Safari/537.36\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    "Referer: https://chat.example.org/rooms/platform-9\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Cookie: session=5f2d8c1ab94e47d08a7c33f1; theme=dark; seen=1284\r\n"
    "\r\n";

} // namespace perron::bench
