/* SPDX-License-Identifier: BSD-3-Clause */
/* A module in C: GET /...?n=3 says hello that often, piece by piece; POST gives the body back in upper case. */
#include <perron/httpd/module_abi.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static char greeting[64] = "Hello";

static int load(const perron_host* host, const char* configuration, char* why, size_t why_size) {
  (void)host;
  if (strlen(configuration) >= sizeof greeting) {
    snprintf(why, why_size, "a greeting may have %zu bytes", sizeof greeting - 1);
    return 1;
  }
  if (*configuration != '\0')
    strcpy(greeting, configuration);
  return 0;
}

static int say(const perron_host* host, perron_request* r) {
  const perron_text query = host->query(r);
  const perron_text rest = host->rest(r);
  const perron_field type = {perron_text_of("Content-Type"), perron_text_of("text/plain; charset=utf-8")};
  const perron_answer head = {200, &type, 1, {NULL, 0}};
  long times = query.size > 2 && memcmp(query.data, "n=", 2) == 0 ? query.data[2] - '0' : 1;
  char line[160];
  const int size = snprintf(line, sizeof line, "%s, %.*s!\n", greeting, (int)(rest.size < 64 ? rest.size : 64),
                            rest.size != 0 ? rest.data : "");
  if (host->begin(r, &head, -1) != 0)
    return PERRON_FAILED;
  for (; times > 0; --times)
    if (host->write(r, line, (size_t)size) != 0)
      return PERRON_FAILED;
  return 0;
}

static int shout(const perron_host* host, perron_request* r) {
  enum { most = 64 * 1024 };
  perron_answer a = {200, NULL, 0, {NULL, 0}};
  int result = PERRON_FAILED;
  size_t size = 0;
  int64_t n = 0;
  char* body = malloc(most); /* the stack is small */
  if (body == NULL)
    return 1;
  while (size < most && (n = host->read(r, body + size, most - size)) > 0)
    size += (size_t)n;
  if (n >= 0) {
    for (size_t i = 0; i < size; ++i)
      body[i] = (char)toupper((unsigned char)body[i]);
    a.body.data = body;
    a.body.size = size;
    result = host->answer(r, &a);
  }
  free(body);
  return result;
}

static int handle(const perron_host* host, perron_request* r) {
  const perron_text method = host->method(r);
  return method.size == 4 && memcmp(method.data, "POST", 4) == 0 ? shout(host, r) : say(host, r);
}

PERRON_MODULE_EXPORT const perron_module* perron_module_v1(void) {
  static const perron_module m = {PERRON_MODULE_ABI, sizeof(perron_module), "hello", "1.0", load, handle,
                                  NULL, NULL, NULL};
  return &m;
}
