-- SPDX-License-Identifier: BSD-3-Clause
--
-- What mod_lua answers for Apache: /sleep?ms=N, which keeps its thread and waits, and /spin?ms=N, which burns CPU.

local function ms_of(r)
  return tonumber(r:parseargs().ms)
end

local function hello(r)
  r.content_type = "text/plain"
  r:puts("Hello, world!")
  return apache2.OK
end

function sleep(r)
  r.usleep(ms_of(r) * 1000)
  return hello(r)
end

function spin(r)
  local till = r:clock() + ms_of(r) * 1000
  while r:clock() < till do
  end
  return hello(r)
end
