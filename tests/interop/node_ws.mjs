// SPDX-License-Identifier: BSD-3-Clause
// The ws package of npm against kitchen_sink: node node_ws.mjs ws://HOST:PORT

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';

const base = process.argv[2];
const large = 1 << 20;

async function connect(path, options = {}) {
  const ws = new WebSocket(base + path, options.protocols ?? [], options);
  await once(ws, 'open');
  return ws;
}

/** The next message, as text or bytes. */
async function next(ws) {
  const [data, isBinary] = await once(ws, 'message');
  return isBinary ? data : data.toString();
}

async function closeOf(ws) {
  const [code, reason] = await once(ws, 'close');
  return { code, reason: reason.toString() };
}

async function echoes(ws) {
  const messages = ['Hello', '', 'Grüße, 🚉', 'x'.repeat(126), 'y'.repeat(65536), 'z'.repeat(large)];
  for (const message of [...messages, Buffer.alloc(0), Buffer.from([255, 0]), randomBytes(large)]) {
    const back = next(ws);
    ws.send(message);
    assert.deepEqual(await back, message);
  }
  const whole = next(ws);
  ws.send('frag', { fin: false });
  ws.send('men', { fin: false });
  ws.send('ted', { fin: true });
  assert.equal(await whole, 'fragmented');
  const pong = once(ws, 'pong');
  ws.ping('payload');
  assert.equal((await pong)[0].toString(), 'payload');
}

async function plain() {
  const ws = await connect('/ws', { perMessageDeflate: false, protocols: ['other', 'echo'] });
  assert.equal(ws.protocol, 'echo');
  assert.equal(ws.extensions, '');
  await echoes(ws);
  ws.close(1000);
  assert.equal((await closeOf(ws)).code, 1000);
}

async function deflate(options) {
  const ws = await connect('/ws', { perMessageDeflate: { threshold: 0, ...options } });
  assert.match(ws.extensions, /permessage-deflate/);
  await echoes(ws);
  for (let i = 0; i < 20; ++i) {
    const back = next(ws);
    ws.send('again and again '.repeat(100));
    assert.equal(await back, 'again and again '.repeat(100));
  }
  ws.close();
  assert.equal((await closeOf(ws)).code, 1005);
}

async function closes() {
  for (const [code, reason] of [[1000, ''], [3000, 'r'.repeat(123)], [4999, 'mine']]) {
    const ws = await connect('/ws');
    ws.close(code, reason);
    assert.equal((await closeOf(ws)).code, code);
  }
  const ws = await connect('/ws-chat', { perMessageDeflate: false });
  ws.on('error', () => {});
  ws.send(Buffer.alloc(100_000));
  assert.equal((await closeOf(ws)).code, 1009);
}

async function room() {
  const everyone = [];
  for (const perMessageDeflate of [true, false, true]) {
    // one that is connected may not be in the room yet; one that hears itself is
    const ws = await connect('/ws-chat', { perMessageDeflate });
    everyone.push(ws);
    const heard = Promise.all(everyone.map(next));
    ws.send('here');
    assert.deepEqual(await heard, everyone.map(() => 'here'));
  }
  for (const [turn, sender] of everyone.entries()) {
    const text = `to all of you, ${turn} `.repeat(50);
    const all = Promise.all(everyone.map(next));
    sender.send(text);
    for (const got of await all) assert.equal(got, text);
  }
  for (const ws of everyone) ws.close();
}

await plain();
await deflate({});
await deflate({ clientMaxWindowBits: 9, serverMaxWindowBits: 9 });
await deflate({ serverNoContextTakeover: true, clientNoContextTakeover: true });
await closes();
await room();
