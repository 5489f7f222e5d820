# SPDX-License-Identifier: BSD-3-Clause
#
# Puma: processes with a pool of threads each, behind one socket. BIND, WORKERS and THREADS come from the environment.
# It answers /hello, /sleep?ms=N, which keeps its thread and waits, and /spin?ms=N, which burns CPU.

workers Integer(ENV['WORKERS'])
threads Integer(ENV['THREADS']), Integer(ENV['THREADS'])
bind ENV['BIND']
persistent_timeout 3600
environment 'production'
quiet

ms_of = ->(env) { Integer(env['QUERY_STRING'][/ms=(\d+)/, 1]) / 1000.0 }
now = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }

app do |env|
  case env['PATH_INFO']
  when '/sleep'
    sleep ms_of.call(env)
  when '/spin'
    till = now.call + ms_of.call(env)
    nil while now.call < till
  end
  [200, { 'Content-Type' => 'text/plain' }, ['Hello, world!']]
end
