/* SPDX-License-Identifier: BSD-3-Clause */
/* Says which version of it answers, and leaves a word in the file that its configuration names when it is unloaded. */
#include <perron/httpd/module_abi.h>

#include <stdio.h>

static char told[256];

static int load(const perron_host* host, const char* configuration, char* why, size_t why_size) {
  (void)host;
  (void)why;
  (void)why_size;
  snprintf(told, sizeof told, "%s", configuration);
  return 0;
}

static int handle(const perron_host* host, perron_request* r) {
  perron_answer a = {200, NULL, 0, {NULL, 0}};
  char piece[16];
  while (host->read(r, piece, sizeof piece) > 0) {
  }
  a.body = perron_text_of(VERSION);
  return host->answer(r, &a);
}

static void unload(void) {
  FILE* out = fopen(told, "a");
  if (out != NULL) {
    fputs(VERSION, out);
    fclose(out);
  }
}

PERRON_MODULE_EXPORT const perron_module* perron_module_v1(void) {
  static const perron_module m = {PERRON_MODULE_ABI, sizeof(perron_module), "version", VERSION, load, handle,
                                  unload, NULL, NULL};
  return &m;
}
