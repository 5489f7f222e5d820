// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace perron::runtime::core {

/// A bundle of free things, linked through their `next`. The unit in which free things change hands between
/// workers and the pool they share, so that nobody walks a list to divide it.
template <class Node>
struct bundle {
  Node* head = nullptr;
  std::size_t count = 0;

  void push(Node& node) noexcept {
    node.next = head;
    head = &node;
    ++count;
  }
  Node* pop() noexcept {
    Node* node = head;
    head = static_cast<Node*>(node->next);
    --count;
    return node;
  }
};

/// A worker's own free things: a bundle in use and a full one in reserve (Bonwick's magazines), so that a
/// worker that gives and takes in turn does not go to the shared pool each time. Last in, first out: what was
/// used last is still in the processor's cache. Owner of the worker only.
///
/// Pool has `bundle<Node> take_bundle()`, never empty, and `void give_bundle(bundle<Node>) noexcept`.
template <class Node, std::size_t Size>
class magazine {
public:
  template <class Pool>
  Node* take(Pool& pool) {
    if (loaded_.head == nullptr) {
      if (reserve_.head != nullptr)
        std::swap(loaded_, reserve_);
      else
        loaded_ = pool.take_bundle();
    }
    return loaded_.pop();
  }

  template <class Pool>
  void give_back(Node& node, Pool& pool) noexcept {
    if (loaded_.count >= Size) {
      if (reserve_.head != nullptr)
        pool.give_bundle(reserve_);
      reserve_ = std::exchange(loaded_, {});
    }
    loaded_.push(node);
  }

  template <class Pool>
  void clear(Pool& pool) noexcept {
    for (bundle<Node>* b : {&loaded_, &reserve_})
      if (b->head != nullptr)
        pool.give_bundle(std::exchange(*b, {}));
  }

private:
  bundle<Node> loaded_;
  bundle<Node> reserve_;
};

} // namespace perron::runtime::core
