// SPDX-License-Identifier: BSD-3-Clause
// What the browser keeps, where it does.

export function remember(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {
    // Storage is a convenience; a browser may forbid it.
  }
}

export function recall(storage, key) {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}
