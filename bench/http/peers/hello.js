// SPDX-License-Identifier: BSD-3-Clause

// Node's http, a cluster of two, answering /hello, and /spin?ms=N, which burns CPU without giving way.
'use strict';

const cluster = require('node:cluster');
const http = require('node:http');

const workers = 2;
const port = Number(process.argv[2]);

function hello(response) {
  response.setHeader('Content-Type', 'text/plain');
  response.end('Hello, world!');
}

function answer(request, response) {
  if (request.url === '/hello') {
    hello(response);
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
