// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/call.hpp>
#include <perron/runtime/core/type_name.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/server.hpp>

#include <any>
#include <cerrno>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace perron::runtime {

/// What handle_event may give instead of nothing: whether the handler stays (OTP: ok, remove_handler).
enum class handler_step : bool { stay, leave };

namespace detail {

/// The answer to a call of a handler that could not be answered.
struct handler_failure {
  error why;
};

/// A handler whatever its class. Runs in the event manager.
class event_handler {
public:
  virtual ~event_handler() = default;

  /// Also for mail that is no event; what the handler does not know it ignores.
  virtual handler_step handle(any_message& event) = 0;
  virtual void call(any_message& request, const caller& from) = 0;
  virtual void terminate(const exit_reason& why) = 0;
  virtual std::any hand_over() = 0;
  virtual void take_over(std::any state) = 0;
  virtual std::string type_name() const = 0;
};

template <class H>
struct events_of {
  using type = protocol<>;
};
template <class H>
requires requires { typename H::events; }
struct events_of<H> {
  using type = typename H::events;
};

template <class H>
class event_handler_of final : public event_handler {
public:
  template <class... Args>
  explicit event_handler_of(std::in_place_t, Args&&... args) : handler_(std::forward<Args>(args)...) {}

  handler_step handle(any_message& event) override {
    return handle_one_of(event, typename events_of<H>::type{});
  }
  void call(any_message& request, const caller& from) override {
    call_one_of(request, from, typename calls_of<H>::type{});
  }
  void terminate(const exit_reason& why) override { say_last_words(handler_, why); }
  std::any hand_over() override {
    if constexpr (requires { handler_.hand_over(); })
      return handler_.hand_over();
    else
      return {};
  }
  void take_over([[maybe_unused]] std::any state) override {
    if constexpr (requires { handler_.take_over(std::move(state)); })
      handler_.take_over(std::move(state));
  }
  std::string type_name() const override { return core::type_name(typeid(H)); }

private:
  template <class... Events>
  handler_step handle_one_of(any_message& event, protocol<Events...>) {
    handler_step step = handler_step::stay;
    if (!(try_event<Events>(event, step) || ...))
      if constexpr (requires { handler_.handle_info(event); })
        handler_.handle_info(event);
    return step;
  }
  template <class T>
  bool try_event(any_message& event, handler_step& step) {
    const T* known = event.get_if<T>();
    if (known == nullptr)
      return false;
    if constexpr (std::is_void_v<decltype(handler_.handle_event(*known))>)
      handler_.handle_event(*known);
    else
      step = handler_.handle_event(*known);
    return true;
  }

  template <class... Calls>
  void call_one_of(any_message& request, const caller& from, protocol<Calls...>) {
    if (!(try_call<Calls>(request, from) || ...))
      reply(from, handler_failure{{"the handler does not know this request", EPROTO}});
  }
  template <class T>
  bool try_call(any_message& request, const caller& from) {
    T* known = request.get_if<T>();
    if (known == nullptr)
      return false;
    call_clause<H, T>(handler_)(from, std::move(*known));
    return true;
  }

  H handler_;
};

/// Makes a handler in the process that is to run it.
class handler_maker {
public:
  virtual ~handler_maker() = default;
  virtual std::unique_ptr<event_handler> make() = 0;
};

template <class H, class... Args>
class handler_maker_of final : public handler_maker {
public:
  template <class... Given>
  explicit handler_maker_of(std::in_place_t, Given&&... args) : args_(std::forward<Given>(args)...) {}
  std::unique_ptr<event_handler> make() override {
    return std::apply(
        [](auto&... each) {
          return std::make_unique<event_handler_of<H>>(std::in_place, std::move(each)...);
        },
        args_);
  }

private:
  std::tuple<Args...> args_;
};

} // namespace detail
} // namespace perron::runtime
