// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// PERRON_ASAN and PERRON_TSAN: whether this is compiled under AddressSanitizer or ThreadSanitizer. g++ and
// clang say so in different ways.

#if defined(__SANITIZE_ADDRESS__)
#define PERRON_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PERRON_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define PERRON_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PERRON_TSAN 1
#endif
#endif
