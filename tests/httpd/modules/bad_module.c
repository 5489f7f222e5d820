/* SPDX-License-Identifier: BSD-3-Clause */
/* One module of each kind that load_module refuses, and one that misbehaves: -DBAD_... says which. */
#include <perron/httpd/module_abi.h>

#ifdef BAD_ENTRY
int some_library(void);
int some_library(void) { return 0; }
#else

#if !defined(BAD_HANDLE) && !defined(BAD_BUILD)
static int handle(const perron_host* host, perron_request* r) {
  const perron_text rest = host->rest(r);
  const perron_answer a = {200, NULL, 0, {"x", 1}};
  if (rest.size == 0)
    return 0; /* no answer */
  switch (rest.data[0]) {
  case 'f':
    return 7;
  case 't': /* twice */
    return host->answer(r, &a) == 0 ? host->answer(r, &a) : 1;
  case 'w': /* writes before it begins; goes on after it failed */
    if (host->write(r, "x", 1) == 0)
      return 0;
    return host->answer(r, &a) == 0 ? 0 : 1;
  case 'e': /* ends in the middle of what it announced */
    host->begin(r, &a, 10);
    host->write(r, "half", 4);
    return 0;
  default: { /* for ever, until it is told that it is over */
    char piece[1000] = {0};
    host->begin(r, &a, -1);
    while (host->write(r, piece, sizeof piece) == 0) {
    }
    return 0;
  }
  }
}
#endif

#ifdef BAD_REFUSES
static int load(const perron_host* host, const char* configuration, char* why, size_t why_size) {
  (void)host;
  (void)configuration;
  if (why_size > 10)
    strcpy(why, "not today");
  return 1;
}
#else
#define load NULL
#endif

#ifdef BAD_SYMBOL
int nobody_has_this(void);
int needs_it(void);
int needs_it(void) { return nobody_has_this(); }
#endif

PERRON_MODULE_EXPORT const perron_module* perron_module_v1(void) {
  static const perron_module m = {
#ifdef BAD_VERSION
      PERRON_MODULE_ABI + 1,
#else
      PERRON_MODULE_ABI,
#endif
#ifdef BAD_SIZE
      8,
#else
      sizeof(perron_module),
#endif
      "bad", "1",
      load,
#ifdef BAD_HANDLE
      NULL, NULL, NULL, NULL
#elif defined(BAD_BUILD)
      NULL, NULL, "another compiler", (int (*)(void*, const char*, char*, size_t))1
#else
      handle, NULL, NULL, NULL
#endif
  };
  return &m;
}
#endif
