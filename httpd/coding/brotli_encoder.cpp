// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/coding/encoder.hpp>

#include <brotli/encode.h>

#include <algorithm>
#include <new>

namespace perron::httpd {
namespace {

constexpr std::uint32_t window_bits = 19;

class brotli_encoder final : public body_filter {
public:
  brotli_encoder(int quality, std::optional<std::uint64_t> size)
      : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr)
      throw std::bad_alloc();
    std::uint32_t window = window_bits;
    if (size) {
      BrotliEncoderSetParameter(
          state_, BROTLI_PARAM_SIZE_HINT,
          static_cast<std::uint32_t>(std::min<std::uint64_t>(*size, std::uint64_t(1) << 30)));
      while (window > BROTLI_MIN_WINDOW_BITS && std::uint64_t(1) << (window - 1) >= *size + 16)
        --window;
    }
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(quality));
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, window);
  }
  ~brotli_encoder() override { BrotliEncoderDestroyInstance(state_); }

  void take(std::string_view bytes, bool flush, std::string& out) override {
    run(bytes, flush ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_PROCESS, out);
  }
  void finish(std::string& out) override { run({}, BROTLI_OPERATION_FINISH, out); }

private:
  void run(std::string_view bytes, BrotliEncoderOperation how, std::string& out) {
    const auto* next = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    std::size_t room = 0; // what it makes is taken from where it lies
    do {
      if (BrotliEncoderCompressStream(state_, how, &left, &next, &room, nullptr, nullptr) == BROTLI_FALSE)
        throw std::bad_alloc();
      std::size_t size = 0;
      const std::uint8_t* made = BrotliEncoderTakeOutput(state_, &size);
      out.append(reinterpret_cast<const char*>(made), size);
    } while (left != 0 || BrotliEncoderHasMoreOutput(state_) == BROTLI_TRUE ||
             (how == BROTLI_OPERATION_FINISH && BrotliEncoderIsFinished(state_) == BROTLI_FALSE));
  }

  BrotliEncoderState* state_;
};

} // namespace

std::unique_ptr<body_filter> make_brotli_encoder(int quality, std::optional<std::uint64_t> size) {
  return std::make_unique<brotli_encoder>(quality, size);
}

} // namespace perron::httpd
