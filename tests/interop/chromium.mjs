// SPDX-License-Identifier: BSD-3-Clause
// Chromium against kitchen_sink: node chromium.mjs ws://HOST:PORT     (CHROMIUM=/path overrides /usr/bin/chromium)

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const base = process.argv[2];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  timeout: 180_000, // the first start on a cold disk
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--ignore-certificate-errors'],
});

/** Runs in the page: what came of each thing that was tried. */
async function tried(url) {
  const connect = (path, protocols = []) =>
    new Promise((resolve, reject) => {
      const ws = new WebSocket(url + path, protocols);
      ws.binaryType = 'arraybuffer';
      ws.onopen = () => resolve(ws);
      ws.onerror = () => reject(new Error(`no connection to ${path}`));
    });
  const next = (ws) => new Promise((resolve) => (ws.onmessage = (e) => resolve(e.data)));
  const end = (ws) => new Promise((resolve) => (ws.onclose = (e) => resolve(`${e.code} ${e.wasClean} ${e.reason}`)));
  const same = (a, b) =>
    typeof a === 'string' ? a === b : a.byteLength === b.byteLength && new Uint8Array(a).every((x, i) => x === new Uint8Array(b)[i]);

  const out = {};
  const ws = await connect('/ws', ['other', 'echo']);
  out.protocol = ws.protocol;
  out.extensions = ws.extensions;
  const noise = new Uint8Array(1 << 16);
  crypto.getRandomValues(noise);
  const messages = ['Hello', '', 'Grüße, 🚉', 'x'.repeat(65536), 'z'.repeat(1 << 20), noise.buffer, new Uint8Array(1 << 20).buffer];
  out.echoed = 0;
  for (const message of messages) {
    const back = next(ws);
    ws.send(message);
    if (same(await back, message)) ++out.echoed;
  }
  out.messages = messages.length;
  const closed = end(ws);
  ws.close(4321, 'from the page');
  out.closed = await closed;

  const everyone = [];
  for (let i = 0; i < 2; ++i) {
    // one that is connected may not be in the room yet; one that hears itself is
    everyone.push(await connect('/ws-chat'));
    const heard = Promise.all(everyone.map(next));
    everyone[i].send('here');
    await heard;
  }
  const all = Promise.all(everyone.map(next));
  everyone[0].send('to both of you '.repeat(50));
  out.broadcast = (await all).every((text) => text === 'to both of you '.repeat(50));
  const tooBig = end(everyone[0]);
  everyone[0].send(new Uint8Array(100_000));
  out.tooBig = (await tooBig).split(' ')[0];
  return out;
}

try {
  const page = await browser.newPage();
  await page.goto(`${base.replace(/^ws/, 'http')}/hello`);
  const got = await page.evaluate(tried, base);
  assert.equal(got.protocol, 'echo');
  assert.match(got.extensions, /permessage-deflate/);
  assert.equal(got.echoed, got.messages);
  assert.equal(got.closed, '4321 true ');
  assert.equal(got.broadcast, true);
  assert.equal(got.tooBig, '1009');
} finally {
  await browser.close();
}
