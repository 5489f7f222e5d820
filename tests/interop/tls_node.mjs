// SPDX-License-Identifier: BSD-3-Clause
// Node's https against kitchen_sink: NODE_EXTRA_CA_CERTS=CA node tls_node.mjs BASE

import assert from 'node:assert/strict';
import https from 'node:https';

const base = process.argv[2];
const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });

function ask(method, path, body, options = { agent }) {
  return new Promise((resolve, reject) => {
    const request = https.request(base + path, { method, ...options }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(parts), reused: request.reusedSocket }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

assert.equal((await ask('GET', '/hello')).body.toString(), 'Hello, world!');
assert.equal((await ask('GET', '/hello')).reused, true);
const large = Buffer.alloc(700_000, 'perron');
assert.deepEqual((await ask('POST', '/echo', large)).body, large);
// an agent without keep-alive resumes the session of the connection before
const again = new https.Agent({ keepAlive: false });
assert.match((await ask('GET', '/tls', undefined, { agent: again })).body.toString(), / full /);
assert.match((await ask('GET', '/tls', undefined, { agent: again })).body.toString(), / resumed /);
agent.destroy();
