// SPDX-License-Identifier: BSD-3-Clause
//
// A room of all who are connected, for Node with `ws`: every message goes to every socket, the sender's too. One
// process, as the sockets of one room have to be.
'use strict';

const http = require('http');
const { WebSocketServer, WebSocket } = require('ws');

const server = http.createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 13 });
  response.end('Hello, world!');
});
server.keepAliveTimeout = 0;

const room = new WebSocketServer({ server, path: '/ws-chat', perMessageDeflate: false });
room.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    for (const other of room.clients) {
      if (other.readyState === WebSocket.OPEN) other.send(data, { binary: isBinary });
    }
  });
});

server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
