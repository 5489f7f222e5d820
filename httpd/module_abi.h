/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PERRON_HTTPD_MODULE_ABI_H
#define PERRON_HTTPD_MODULE_ABI_H

/* What a server and a loadable module say to each other: plain C, needs nothing else of Perron. A module is a shared
 * library with one exported function, perron_module_v1(), that gives a perron_module. httpd/module.hpp loads it.
 * Modules in C++ are easier with httpd/module_export.hpp, which fills all of this in.
 *
 *     static int handle(const perron_host* host, perron_request* r) {
 *       perron_answer a = {200, NULL, 0, perron_text_of("Hello from C\n")};
 *       return host->answer(r, &a);
 *     }
 *     PERRON_MODULE_EXPORT const perron_module* perron_module_v1(void) {
 *       static const perron_module m = {PERRON_MODULE_ABI, sizeof(perron_module), "hello", "1.0", NULL, handle};
 *       return &m;
 *     }
 *
 * Each request has a process of its own, with a small stack (node_options::stack_bytes): large buffers belong on the
 * heap. A function of perron_host may wait, and the process may go on in another thread behind it: keep no address
 * of a thread-local variable, errno's neither, and no lock across a call. Do not let exceptions out of C functions.
 *
 * Within version 1 the structures only grow at their ends; `size` says how much there is. */

// It is C, which has no other way to say these things:
// NOLINTBEGIN(modernize-*)

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PERRON_MODULE_ABI 1u
#define PERRON_MODULE_EXPORT __attribute__((visibility("default")))

/* Bytes with a length; no zero behind them. `data` is null for what is not there. */
typedef struct perron_text {
  const char* data;
  size_t size;
} perron_text;

static inline perron_text perron_text_of(const char* zero_terminated) {
  perron_text t;
  t.data = zero_terminated;
  t.size = strlen(zero_terminated);
  return t;
}

typedef struct perron_field {
  perron_text name;
  perron_text value;
} perron_field;

/* Content-Length, Transfer-Encoding, Date and Connection are added by the server. Texts need to live during the call
 * only. */
typedef struct perron_answer {
  int status;
  const perron_field* fields;
  size_t field_count;
  perron_text body;
} perron_answer;

/* One request; valid while `handle` runs, for its thread of control only. */
typedef struct perron_request perron_request;

/* What the server does for a module. Texts are valid as long as the request. Functions that give an int give 0, or
 * PERRON_FAILED: the client has left, has been too slow, or the process was told to end. Then give back what you
 * hold and return at once with any value; the server knows why. */
#define PERRON_FAILED (-1)

typedef struct perron_host {
  uint32_t abi;
  uint32_t size;

  perron_text (*method)(const perron_request*);
  perron_text (*path)(const perron_request*);   /* decoded, without dot segments; an encoded slash stays %2F */
  perron_text (*rest)(const perron_request*);   /* of the path, below where the module is mounted, without '/' */
  perron_text (*query)(const perron_request*);  /* as sent, without the '?' */
  perron_text (*peer)(const perron_request*);   /* "127.0.0.1:51234" */
  perron_text (*header)(const perron_request*, const char* name); /* the first of that name, in any case */

  /* The next bytes of the body, at least one; 0 at its end, or PERRON_FAILED. Waits for them. */
  int64_t (*read)(perron_request*, void* into, size_t size);

  /* The whole answer. Once. */
  int (*answer)(perron_request*, const perron_answer*);
  /* The head of an answer (its body is left out), whose body is then written piece by piece and ends when `handle`
   * returns; `length` of it, or -1 if that is not known. Waits while the client is slow. */
  int (*begin)(perron_request*, const perron_answer* head, int64_t length);
  int (*write)(perron_request*, const void* data, size_t size);
} perron_host;

/* What a module is. Static; read once. */
typedef struct perron_module {
  uint32_t abi;        /* PERRON_MODULE_ABI */
  uint32_t size;       /* sizeof(perron_module) */
  const char* name;
  const char* version;

  /* Before the first request; may be null. Anything but 0 refuses: then a text is left in `why`. */
  int (*load)(const perron_host*, const char* configuration, char* why, size_t why_size);
  /* Answers one request; called by many at once. Anything but 0, and no answer, is a crash: the client gets a 500. */
  int (*handle)(const perron_host*, perron_request*);
  /* After the last request; may be null. Then the library is unloaded. */
  void (*unload)(void);

  /* Of modules in C++ (module_export.hpp), in place of the three: what they were built with, and what puts their
   * routes into an httpd::router. */
  const char* build;
  int (*make_routes)(void* router, const char* configuration, char* why, size_t why_size);
} perron_module;

typedef const perron_module* (*perron_module_function)(void);
/* What a module exports, and nothing else. */
PERRON_MODULE_EXPORT const perron_module* perron_module_v1(void);

#ifdef __cplusplus
}
#endif

// NOLINTEND(modernize-*)

#endif
