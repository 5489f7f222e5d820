// SPDX-License-Identifier: BSD-3-Clause
// The chat as its users see it: Chromium on one side, the chat binary on the other, crashes and a restart in between;
// first over WebSocket, which the page picks itself, then with server-sent events and with long poll forced, and last
// behind middleboxes that let WebSockets, or events too, not through, so that the page has to find what works.
//   node chat.mjs CHAT_BINARY [--screenshot FILE.png]     (CHROMIUM=/path overrides /usr/bin/chromium)

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

// What a fresh and busy machine may need: nothing is measured here. More than a poll's window and a topic's grace
// together, in any case: so late it is seen that somebody is gone who polled.
const patience = 90_000;
const totalLimit = 900_000;
// Without motion a panel is where it belongs as soon as it is open.
const desktop = { viewport: { width: 1280, height: 800 }, colorScheme: 'light', reducedMotion: 'reduce' };
const phone = {
  ...desktop,
  viewport: { width: 390, height: 844 },
  colorScheme: 'dark',
  isMobile: true,
  hasTouch: true,
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { screenshot: { type: 'string' } },
});
if (positionals.length !== 1) {
  console.error('usage: chat.mjs CHAT_BINARY [--screenshot FILE.png]');
  process.exit(2);
}

const home = mkdtempSync(join(tmpdir(), 'perron-chat-'));
let server = null;
let browser = null;
let boxes = [];
let current = 'the start';

/** A port below those that the kernel gives to clients: none of the browser's may take it while the server is away. */
async function freePort() {
  for (;;) {
    const port = 16_000 + Math.floor(Math.random() * 16_000);
    const probe = http.createServer().listen(port, '127.0.0.1');
    const [error] = await Promise.race([once(probe, 'listening'), once(probe, 'error')]).catch((e) => [e]);
    probe.close();
    if (!error) return port;
  }
}

function check(holds, text) {
  if (!holds) throw new Error(text);
}

/** Waits until `condition` gives something true, and returns it; names `what` when it never does. */
async function eventually(what, condition, limit = patience) {
  const end = Date.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${limit / 1000} s in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A middlebox between page and server: it knows no WebSockets, and may hold back what is a stream of events. */
class Middlebox {
  refused = 0;
  held = 0;

  static async start({ holdsEvents }) {
    const box = new Middlebox();
    box.listener = http.createServer((request, response) => {
      const { method, headers } = request;
      const onward = http.request({ host: '127.0.0.1', port: server.port, path: request.url, method, headers });
      onward.on('response', (answer) => {
        if (holdsEvents && answer.headers['content-type']?.startsWith('text/event-stream')) {
          box.held += 1;
          answer.resume();
          return;
        }
        response.writeHead(answer.statusCode, answer.headers);
        answer.on('error', () => response.destroy()).pipe(response);
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      request.pipe(onward);
    });
    box.listener.on('upgrade', (request, socket) => {
      box.refused += 1;
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    await once(box.listener.listen(0, '127.0.0.1'), 'listening');
    box.url = `http://127.0.0.1:${box.listener.address().port}`;
    boxes.push(box);
    return box;
  }

  close() {
    this.listener.close();
    this.listener.closeAllConnections();
  }
}

class Server {
  output = '';
  exit = null;

  static async start(port) {
    const started = new Server();
    const args = ['--port', String(port), '--db', join(home, 'chat.db')];
    started.process = spawn(positionals[0], args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk) => (started.output += chunk);
    started.process.stdout.on('data', keep);
    started.process.stderr.on('data', keep);
    started.process.on('error', (error) => (started.exit = error.message));
    started.process.on('exit', (code, signal) => (started.exit = signal ?? `exit code ${code}`));
    server = started;
    started.url = await eventually('the address on the output of the server', () => {
      check(started.exit === null, `the server ended instead of starting: ${started.exit}`);
      return started.output.match(/^chat: (http:\/\/\S+?)\/?\s*$/m)?.[1];
    });
    return started;
  }

  get port() {
    return Number(new URL(this.url).port);
  }

  async stop() {
    this.process.kill('SIGTERM');
    await eventually('the end of the server after SIGTERM', () => this.exit !== null);
    check(this.exit === 'exit code 0', `the server's graceful stop ended with ${this.exit}`);
  }

  kill() {
    if (this.exit === null && this.process.pid !== undefined) this.process.kill('SIGKILL');
  }
}

/** One person at one device. */
class Person {
  errors = [];

  static async arrive(nick, room, device, transport, url = server.url) {
    const person = new Person();
    person.nick = nick;
    person.device = device;
    person.context = await browser.newContext(device);
    person.page = await person.context.newPage();
    person.page.setDefaultTimeout(patience);
    person.page.on('pageerror', (error) => person.errors.push(error.message));
    await person.page.addInitScript(() => {
      window.layoutShift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await person.page.goto(`${url}/${transport ? `?transport=${transport}` : ''}#${room}`);
    await person.page.getByLabel('Your name').fill(nick);
    check(
      (await person.page.getByLabel('Room', { exact: true }).inputValue()) === room,
      'the deep link fills in the room',
    );
    await person.page.getByRole('button', { name: 'Join' }).click();
    await person.live();
    return person;
  }

  id(name) {
    return this.page.getByTestId(name);
  }

  stats() {
    return this.page.evaluate(() => ({ ...window.chatStats }));
  }

  /** Everything shown, in order: { id, nick, text } of what people said. */
  shown() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll('[data-testid=message][data-kind=say]')].map((item) => ({
        id: Number(item.dataset.id),
        nick: item.dataset.nick,
        text: item.querySelector('[data-testid=message-text]').textContent,
      })),
    );
  }

  async texts() {
    return (await this.shown()).map((message) => message.text);
  }

  async until(what, condition) {
    try {
      return await eventually(`${this.nick}: ${what}`, condition);
    } catch (error) {
      const state = (await this.id('state').textContent()).trim();
      const last = (await this.texts()).slice(-8).join(' | ');
      throw new Error(
        `${error.message}\n  state: ${state}; stats: ${JSON.stringify(await this.stats())}\n  last: ${last}`,
      );
    }
  }

  live() {
    return this.until(
      'a live connection',
      async () => (await this.id('state').getAttribute('data-state')) === 'live',
    );
  }

  incarnation() {
    return this.until('the incarnation of the room', async () =>
      Number(await this.id('incarnation').textContent()),
    );
  }

  sees(text) {
    return this.until(`sees "${text}"`, async () => (await this.texts()).includes(text));
  }

  async say(text) {
    await this.id('composer').fill(text);
    await this.id('composer').press('Enter');
  }

  async openRoomPanel() {
    if (await this.id('people').isVisible()) await this.id('people').click();
    await this.page.getByRole('button', { name: 'Crash this room' }).scrollIntoViewIfNeeded();
  }

  async crashRoom() {
    await this.openRoomPanel();
    await this.page.getByRole('button', { name: 'Crash this room' }).click();
  }

  async closePanel() {
    await this.page
      .locator('.panel.open')
      .getByRole('button', { name: /^Close/ })
      .click();
  }

  async fitsItsWidth(where) {
    const wide = await this.page.evaluate(() => {
      const root = document.documentElement;
      const inside = (element) => {
        const box = element.getBoundingClientRect();
        return box.width === 0 || (box.left >= -0.5 && box.right <= innerWidth + 0.5);
      };
      const offenders = [...document.querySelectorAll('main *, .panel.open *')]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !inside(element))
        .map((element) => element.outerHTML.slice(0, 80));
      if (root.scrollWidth > innerWidth) offenders.push(`the document (${root.scrollWidth} px)`);
      return offenders;
    });
    check(wide.length === 0, `${this.nick}, ${where}: wider than the screen: ${wide.slice(0, 3).join(', ')}`);
  }
}

async function sameEverywhere(people, what) {
  const [first, ...others] = people;
  for (const other of others) {
    await other.until(`shows the same messages as ${first.nick} ${what}`, async () => {
      return JSON.stringify(await first.shown()) === JSON.stringify(await other.shown());
    });
  }
  const ids = (await first.shown()).map((message) => message.id);
  check(new Set(ids).size === ids.length, `a message is shown twice ${what}: ${ids}`);
}

async function step(name, body) {
  current = name;
  const begin = Date.now();
  try {
    await body();
    console.log(`ok    ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  } catch (error) {
    console.log(`FAIL  ${name}`);
    throw error;
  }
}

async function compose(left, right, file) {
  const data = (png) => `data:image/png;base64,${png.toString('base64')}`;
  const page = await browser.newPage({ viewport: { width: 1800, height: 940 } });
  await page.setContent(`<!doctype html><style>
    body { margin: 0; height: 100vh; display: flex; align-items: center; justify-content: center; gap: 40px;
           background: linear-gradient(135deg, #2449c8, #14235c); }
    img { display: block; border-radius: 14px; box-shadow: 0 20px 60px rgb(0 0 0 / 45%); }
    img + img { border-radius: 36px; border: 8px solid #05070d; }
    </style><img src="${data(left)}"><img src="${data(right)}">`);
  await page.waitForFunction(() =>
    [...document.images].every((image) => image.complete && image.naturalWidth > 0),
  );
  writeFileSync(file, await page.screenshot());
  await page.close();
}

async function run() {
  await Server.start(await freePort());
  current = 'the start of Chromium';
  browser = await chromium.launch({
    timeout: 180_000, // the first start on a cold disk
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

  await conversation(null);
  await conversation('sse');
  await conversation('poll');
  await behindMiddleboxes();
}

/** One conversation of three people, two of them in one room; `transport`: what their pages have to take. */
async function conversation(transport) {
  const used = transport ?? 'ws';
  const room = transport === null ? 'lobby' : `lobby-${transport}`;
  const over = `over ${used}: `;
  let ann, bob, carol;
  const said = [];
  const talk = async (person, text) => {
    said.push(text);
    await person.say(text);
    await Promise.all([ann.sees(text), bob.sees(text)]);
  };

  await step(`${over}two people in one room see each other and each other's messages`, async () => {
    ann = await Person.arrive('ann', room, desktop, transport);
    bob = await Person.arrive('bob', room, phone, transport);
    carol = await Person.arrive('carol', `platform-9-${used}`, desktop, transport);
    await talk(ann, 'Morning! Is this the process everybody keeps crashing?');
    await talk(bob, 'The very same. One process per room, one supervisor above it.');
    await talk(bob, 'And each of us is a process too, that asks the room for more when it has the time.');
    await talk(ann, 'So what happens to my messages when it dies?');
    await talk(bob, 'They are in SQLite. Press the red button and see.');
    for (const person of [ann, bob]) {
      await person.until('the list of people', async () => {
        const names = await person.page
          .locator('[data-testid=member]')
          .evaluateAll((all) => all.map((one) => one.dataset.nick));
        return names.join() === 'ann,bob';
      });
      check((await person.stats()).transport === used, `${person.nick}'s page took another transport`);
    }
    await sameEverywhere([ann, bob], 'before the crash');
    check((await ann.texts()).join('|') === said.join('|'), 'all that was said is shown, in order');
  });

  await step(`${over}a nick that is taken is refused with a reason`, async () => {
    const context = await browser.newContext(desktop);
    const page = await context.newPage();
    await page.goto(`${server.url}/${transport ? `?transport=${transport}` : ''}#${room}`);
    await page.getByLabel('Your name').fill('ann');
    await page.getByRole('button', { name: 'Join' }).click();
    const reason = await eventually('the reason of the refusal', () =>
      page.getByTestId('gate-error').textContent(),
    );
    check(reason.trim() !== '', 'the refusal says why');
    await context.close();
  });

  await step(`${over}the room crashes: nothing is lost, no page loses its connection`, async () => {
    const before = { ann: await ann.incarnation(), bob: await bob.incarnation(), carol: await carol.incarnation() };
    const stats = { ann: await ann.stats(), bob: await bob.stats(), carol: await carol.stats() };
    const quiet = JSON.stringify(await carol.page.locator('#messages').innerHTML());
    await ann.crashRoom();
    for (const person of [ann, bob]) {
      await person.until('a higher incarnation', async () => (await person.incarnation()) > before[person.nick]);
      await person.live();
    }
    await sameEverywhere([ann, bob], 'after the crash');
    check((await ann.texts()).join('|') === said.join('|'), 'the history is complete after the crash');
    await talk(ann, 'It went down, and everything is still here.');
    await talk(bob, 'New process, same conversation. Next door nobody noticed.');
    check(JSON.stringify(await carol.page.locator('#messages').innerHTML()) === quiet, 'carol saw something of it');
    await carol.say('Quiet on platform 9.');
    await carol.sees('Quiet on platform 9.');
    for (const person of [ann, bob, carol]) {
      const now = await person.stats();
      check(now.failures === stats[person.nick].failures, `${person.nick} had to connect again`);
    }
    check((await carol.incarnation()) === before.carol, "carol's room was started again");
  });

  if (options.screenshot && transport === null) {
    await step(`picture written to ${options.screenshot}`, async () => {
      await Promise.all(
        [ann, bob].map((person) =>
          person.until('no notice in the way', async () => {
            return !(await person.id('notice').isVisible());
          }),
        ),
      );
      await ann.id('composer').focus();
      await compose(await ann.page.screenshot(), await bob.page.screenshot(), options.screenshot);
    });
  }

  await step(`${over}a crash in the middle of a burst loses nothing and doubles nothing`, async () => {
    for (let i = 1; i <= 4; i += 1) {
      await ann.say(`ann ${i}`);
      await bob.say(`bob ${i}`);
    }
    await bob.crashRoom();
    for (let i = 5; i <= 8; i += 1) {
      await ann.say(`ann ${i}`);
      await bob.say(`bob ${i}`);
    }
    const numbered = (who) => Array.from({ length: 8 }, (_, i) => `${who} ${i + 1}`).join();
    for (const person of [ann, bob]) {
      for (const who of ['ann', 'bob']) {
        await person.until(`all of ${who}'s burst, once, in order`, async () => {
          const texts = (await person.shown())
            .filter((message) => message.nick === who)
            .map((message) => message.text);
          return texts.filter((text) => text.startsWith(`${who} `)).join() === numbered(who);
        });
      }
    }
    await sameEverywhere([ann, bob], 'after the burst');
  });

  if (transport === null) await appearance(ann, bob);

  await step(
    `${over}the server is restarted: the pages come back, what was said meanwhile arrives once, in order`,
    async () => {
      const { port } = server;
      await ann.say('The last before the stop.');
      await bob.sees('The last before the stop.');
      await server.stop();
      await ann.until(
        'the loss of the connection',
        async () => (await ann.id('state').getAttribute('data-state')) !== 'live',
      );
      const before = await bob.texts();
      const meanwhile = ['One, while the server was away.', 'Two.', 'Three.'];
      for (const text of meanwhile) await ann.say(text);
      await ann.until('they wait', async () => (await ann.page.getByTestId('pending').count()) === 3);
      await Server.start(port);
      for (const person of [ann, bob, carol]) await person.live();
      for (const person of [ann, bob]) await person.sees(meanwhile.at(-1));
      await ann.until(
        'nothing waits any more',
        async () => (await ann.page.getByTestId('pending').count()) === 0,
      );
      await sameEverywhere([ann, bob], 'after the restart');
      check(
        (await bob.texts()).join('|') === [...before, ...meanwhile].join('|'),
        'the restart lost, doubled or reordered messages',
      );
      for (const person of [ann, bob]) {
        const now = await person.stats();
        check(now.transport === used || transport === null, `${person.nick}'s page took ${now.transport}`);
      }
      const dora = await Person.arrive('dora', room, phone, transport);
      await sameEverywhere([ann, dora], 'for somebody who came after the restart');
      await dora.context.close();
      await carol.sees('Quiet on platform 9.');
    },
  );

  await step(`${over}a reload goes on under the same name; leaving is seen by the others`, async () => {
    await bob.page.reload();
    await bob.live();
    await sameEverywhere([ann, bob], 'after the reload');
    await bob.context.close();
    await ann.until(
      'bob is gone',
      async () => (await ann.page.locator('[data-testid=member][data-nick=bob]').count()) === 0,
    );
  });

  for (const person of [ann, bob, carol]) {
    check(person.errors.length === 0, `${person.nick}'s page threw: ${person.errors.join('; ')}`);
  }
  await ann.context.close();
  await carol.context.close();
}

async function behindMiddleboxes() {
  await step('where WebSockets are refused the page falls back to events, where these are held back to polls', async () => {
    const noSockets = await Middlebox.start({ holdsEvents: false });
    const noStreams = await Middlebox.start({ holdsEvents: true });
    const [ann, bob, carol] = await Promise.all([
      Person.arrive('ann', 'fallback', desktop, null, noSockets.url),
      Person.arrive('bob', 'fallback', phone, null, noStreams.url),
      Person.arrive('carol', 'fallback', desktop, null),
    ]);
    const people = [ann, bob, carol];
    for (const [person, used] of [[ann, 'sse'], [bob, 'poll'], [carol, 'ws']]) {
      const { transport } = await person.stats();
      check(transport === used, `${person.nick}'s page took ${transport}, not ${used}`);
    }
    check(noSockets.refused > 0 && noStreams.refused > 0, 'no WebSocket was tried');
    check(noStreams.held > 0, 'no stream of events was tried');
    for (const person of people) {
      await person.say(`${person.nick} is here`);
      for (const other of people) await other.sees(`${person.nick} is here`);
    }
    await sameEverywhere(people, 'whatever the way');
    for (const person of people) {
      check(person.errors.length === 0, `${person.nick}'s page threw: ${person.errors.join('; ')}`);
      await person.context.close();
    }
  });
}

async function appearance(ann, bob) {
  await step('a message is text, never markup', async () => {
    const text = '<img src=x onerror="window.injected = true"><b>bold</b>';
    await ann.say(text);
    await bob.sees(text);
    for (const person of [ann, bob]) {
      check(
        (await person.page.locator('#log img, #log b').count()) === 0,
        'markup in a message became elements',
      );
      check(!(await person.page.evaluate(() => window.injected)), 'script in a message ran');
    }
  });

  await step('on a phone everything fits and nothing jumps', async () => {
    const long = 'Donaudampfschifffahrtsgesellschaftskapitänskajütenschlüssel'.repeat(3);
    await ann.say(long);
    await bob.sees(long);
    await bob.fitsItsWidth('the conversation');
    const bottom = await bob
      .id('composer')
      .evaluate((box) => innerHeight - box.getBoundingClientRect().bottom);
    check(bottom >= 0 && bottom < 60, `the composer is ${bottom} px above the lower edge`);
    await bob.openRoomPanel();
    check(
      await bob.id('crash').evaluate((button) => button.getBoundingClientRect().bottom <= innerHeight),
      'the crash button is not on the screen',
    );
    await bob.fitsItsWidth('the panel of the room');
    await bob.closePanel();
    await bob.id('menu').click();
    await bob.fitsItsWidth('the panel of rooms');
    const links = bob.page.getByTestId('room-link');
    await bob.until('both rooms in the list', async () =>
      (await links.allTextContents()).join().includes('platform-9-ws'),
    );
    await bob.closePanel();
    for (const person of [ann, bob]) {
      const shift = await person.page.evaluate(() => window.layoutShift);
      check(shift < 0.1, `${person.nick}: the layout shifted by ${shift}`);
    }
    await ann.fitsItsWidth('the desktop');
  });
}

async function cleanUp() {
  await browser?.close().catch(() => {});
  for (const box of boxes) box.close();
  server?.kill();
  rmSync(home, { recursive: true, force: true });
}

async function fail(error) {
  console.error(`\nchat.mjs: in the step "${current}": ${error.stack ?? error}`);
  console.error(`Node ${process.version}, Chromium ${browser?.version() ?? 'not started'}`);
  if (server?.output) console.error(`--- last output of the server\n${server.output.slice(-3000)}`);
  await cleanUp();
  process.exit(1);
}

process.on('exit', () => server?.kill());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => fail(new Error(`ended by ${signal}`)));
const limit = setTimeout(() => fail(new Error(`not finished within ${totalLimit / 1000} s`)), totalLimit);

try {
  await run();
} catch (error) {
  await fail(error);
}
clearTimeout(limit);
await cleanUp();
console.log('chat.mjs: all good');
