// SPDX-License-Identifier: BSD-3-Clause

// Node's http, a cluster of two or as many as asked for, answering /hello, /sleep?ms=N, which waits, and /spin?ms=N,
// which burns CPU without giving way.
'use strict';

const cluster = require('node:cluster');
const http = require('node:http');

const port = Number(process.argv[2]);
const workers = Number(process.argv[3] ?? 2);

function hello(response) {
  response.setHeader('Content-Type', 'text/plain');
  response.end('Hello, world!');
}

function answer(request, response) {
  if (request.url === '/hello') {
    hello(response);
  } else if (request.url.startsWith('/sleep?ms=')) {
    setTimeout(hello, Number(request.url.slice('/sleep?ms='.length)), response);
  } else if (request.url.startsWith('/spin?ms=')) {
    const end = Date.now() + Number(request.url.slice('/spin?ms='.length));
    while (Date.now() < end);
    hello(response);
  } else {
    response.statusCode = 404;
    response.end();
  }
}

if (cluster.isPrimary) {
  for (let i = 0; i < workers; ++i) cluster.fork();
} else {
  const server = http.createServer({ keepAliveTimeout: 3600000 }, answer);
  server.listen({ host: '127.0.0.1', port, backlog: 4096 });
}
