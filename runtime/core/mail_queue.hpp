// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/envelope.hpp>

#include <cstddef>

namespace perron::runtime::core {

/// The mail a process has taken in and no clause has taken yet, oldest first. Owner only.
///
/// A receive walks it with a cursor. What the cursor has passed is not looked at again in that receive; and
/// when the next receive accepts exactly the same types without looking at values, it starts where the last
/// one of its kind stood, since nothing before that point can match. So waiting for one type behind a backlog
/// of ten thousand others costs one walk, not one per message.
class mail_queue {
public:
  mail_queue() = default;
  mail_queue(const mail_queue&) = delete;
  mail_queue& operator=(const mail_queue&) = delete;

  void append(envelope* e) noexcept {
    e->next = nullptr;
    (head_ == nullptr ? head_ : tail_->next) = e;
    tail_ = e;
  }

  bool empty() const noexcept { return head_ == nullptr; }
  envelope* front() const noexcept { return head_; }

  /// Takes the whole queue, oldest first.
  envelope* take_all() noexcept {
    envelope* all = head_;
    head_ = tail_ = skipped_ = nullptr;
    skipped_kind_ = nullptr;
    return all;
  }

  /// The place of one receive in the queue.
  class cursor {
  public:
    /// `kind` identifies a set of clauses that look only at types; null for one that looks at values.
    cursor(mail_queue& queue, const void* kind) noexcept
        : queue_(queue), kind_(kind),
          before_(kind != nullptr && kind == queue.skipped_kind_ ? queue.skipped_ : nullptr) {}

    /// The next message not looked at yet, or null.
    envelope* peek() const noexcept { return before_ == nullptr ? queue_.head_ : before_->next; }

    /// Leaves the message under the cursor in the queue.
    void skip() noexcept { before_ = peek(); }

    /// Takes the message under the cursor out.
    envelope* take() noexcept {
      envelope* e = queue_.remove_after(before_);
      remember();
      return e;
    }

    /// Keeps the place for the next receive of the same kind.
    void remember() noexcept {
      if (kind_ != nullptr) {
        queue_.skipped_kind_ = kind_;
        queue_.skipped_ = before_;
      }
    }

  private:
    mail_queue& queue_;
    const void* kind_;
    envelope* before_; ///< the last one looked at, null at the front
  };

private:
  envelope* remove_after(envelope* before) noexcept {
    envelope* e = before == nullptr ? head_ : before->next;
    (before == nullptr ? head_ : before->next) = e->next;
    if (tail_ == e)
      tail_ = before;
    // another kind of receive had walked past it: what stood before it was looked at as well
    if (skipped_ == e) {
      skipped_ = before;
      if (before == nullptr)
        skipped_kind_ = nullptr;
    }
    return e;
  }

  envelope* head_ = nullptr;
  envelope* tail_ = nullptr;
  envelope* skipped_ = nullptr;
  const void* skipped_kind_ = nullptr;
};

} // namespace perron::runtime::core
