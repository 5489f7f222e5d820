// SPDX-License-Identifier: BSD-3-Clause
// The client of a Perron channel (PROTOCOL.md). No framework, no dependency.
//
//   const live = new Channel('/live');
//   const lobby = live.subscribe('lobby', { replay: 20, message: (m) => show(m.data) });
//   live.publish('lobby', { text: 'hello' }).done.then((at) => ..., (refused) => ...);
//
// It takes WebSocket, server-sent events or long poll, whatever works; comes back after any failure, later and
// later; and goes on behind the last message it got. What is published is sent until it is answered. So nothing
// is lost and nothing comes twice, unless a topic tells of a gap: then its history was too short, or is gone.

const order = ['ws', 'sse', 'poll'];
const firstDelay = 150;
const longestDelay = 10_000;
const silence = 60_000; // the server says something every 25 s
const welcomeWithin = 10_000; // what stands between may keep a stream to itself until it is over
const pingEvery = 25_000;
const requestLimit = 15_000;
const pollLimit = 40_000; // the server lets a poll wait 25 s
const mostUnderWay = 16;
const strikes = 2; // so often a transport may fail while others get through

function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

function parseCursor(text) {
  const [epoch, id] = text.split('-');
  return { epoch, id: Number(id) };
}

/** A subscription to one topic; made by Channel.subscribe. */
class Subscription {
  constructor(topic, options) {
    this.topic = topic;
    this.options = options;
    this.cursor = options.cursor ?? null; // the place of the last message, as text
  }

  /** What the server is to be asked for. */
  request() {
    const { replay, watch, presence, member } = this.options;
    const out = { type: 'subscribe', topic: this.topic };
    if (this.cursor !== null) out.cursor = this.cursor;
    else if (replay) out.replay = replay;
    if (watch || presence) out.watch = true;
    if (member) out.member = member;
    return out;
  }

  /** Whether this message is new. */
  isNew(cursor) {
    if (this.cursor === null) return true;
    const before = parseCursor(this.cursor);
    const now = parseCursor(cursor);
    return now.epoch !== before.epoch || now.id > before.id;
  }
}

/**
 * A channel. Options: `transport` ('ws', 'sse' or 'poll': no other is tried), `state(name, transport)`, called
 * with 'connecting', 'live' and 'waiting', and `query`, an object of what else is to stand in every address.
 */
export class Channel {
  state = 'connecting';
  transport = null; // the one that is in use
  from = null; // who we are to others; known once it was live
  #url;
  #options;
  #query;
  #subscriptions = new Map();
  #outbox = [];
  #numbers = 0;
  #link = null;
  #delay = firstDelay;
  #failures = new Map(order.map((name) => [name, 0]));
  #timer = null;
  #watch = null;
  #heard = 0;
  #posting = false;
  #closed = false;

  constructor(url, options = {}) {
    this.#url = url;
    this.#options = options;
    this.#query = new URLSearchParams({ ...options.query, client: randomId() });
    addEventListener('online', this.#retryNow);
    addEventListener('pageshow', this.#retryNow);
    this.#later(0);
  }

  /**
   * Callbacks: message(m), gap({missed}), presence({full, settled, joined, left}), subscribed(cursor),
   * refused(why). Also: replay, cursor, watch, and member: {key, meta} to be there as somebody.
   */
  subscribe(topic, options = {}) {
    const subscription = new Subscription(topic, options);
    this.#subscriptions.set(topic, subscription);
    this.#changed(subscription.request());
    return subscription;
  }

  unsubscribe(topic) {
    if (this.#subscriptions.delete(topic)) this.#changed({ type: 'unsubscribe', topic });
  }

  /** Gives the message's number, by which it is known when it comes back, and a promise of its place. */
  publish(topic, data) {
    const entry = { topic, number: ++this.#numbers, data, sent: false };
    const done = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    done.catch(() => {}); // who does not look does not want to know
    this.#outbox.push(entry);
    this.#flush();
    return { number: entry.number, done };
  }

  /** Cuts a wait short. */
  retryNow() {
    this.#retryNow();
  }

  close() {
    this.#closed = true;
    removeEventListener('online', this.#retryNow);
    removeEventListener('pageshow', this.#retryNow);
    this.#drop();
    clearTimeout(this.#timer);
  }

  // -- the connection

  #retryNow = () => {
    if (!this.#closed && this.state === 'waiting') this.#later(0);
  };

  #enter(state) {
    this.state = state;
    this.#options.state?.(state, this.transport);
  }

  #later(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), delay);
  }

  /** The best transport that has not failed where others get through. */
  #choose() {
    if (this.#options.transport) return this.#options.transport;
    const usable = order.filter((name) => this.#failures.get(name) < strikes);
    if (usable.length > 0) return usable[0];
    for (const name of order) this.#failures.set(name, 0);
    return order[0];
  }

  #connect() {
    if (this.#closed) return;
    this.#drop();
    this.transport = this.#choose();
    this.#enter('connecting');
    const open = { ws: openSocket, sse: openStream, poll: openPolls }[this.transport];
    const link = { live: false, name: this.transport };
    this.#link = link;
    const events = {
      message: (m) => this.#link === link && this.#take(m),
      failed: () => this.#link === link && this.#failed(link),
    };
    const asked = [...this.#subscriptions.values()].map((s) => s.request());
    Object.assign(link, open(this.#url, this.#query, asked, events));
    this.#heard = Date.now();
    this.#watch = setInterval(() => this.#look(link), 5000);
  }

  #drop() {
    clearInterval(this.#watch);
    const link = this.#link;
    this.#link = null;
    link?.close();
    for (const entry of this.#outbox) entry.sent = false;
  }

  #look(link) {
    const quiet = Date.now() - this.#heard;
    if (quiet > (link.live ? silence : welcomeWithin)) this.#failed(link);
    else if (quiet > pingEvery) link.send?.({ type: 'ping' });
  }

  async #failed(link) {
    this.#drop();
    if (this.#closed) return;
    this.#enter('waiting');
    const delay = this.#delay * (0.5 + Math.random() / 2);
    this.#delay = Math.min(this.#delay * 2, longestDelay);
    this.#later(link.live ? Math.random() * firstDelay : delay);
    if (link.live || this.#options.transport) return;
    // Is it the transport, or is nobody there?
    const reached = await request(`${this.#url}/client.js`, { method: 'HEAD' }).catch(() => null);
    if (reached) this.#failures.set(link.name, this.#failures.get(link.name) + 1);
  }

  /** What is asked for has changed: a socket is told, other transports begin anew. */
  #changed(message) {
    const link = this.#link;
    if (!link) return;
    if (link.send) link.send(message);
    else this.#later(0);
  }

  // -- what comes

  #take(message) {
    this.#heard = Date.now();
    if (message.type === 'welcome') return this.#isLive(message);
    if (message.type === 'ack' || message.type === 'rejected') return this.#settle(message);
    const subscription = this.#subscriptions.get(message.topic);
    if (subscription === undefined) return;
    const { options } = subscription;
    if (message.type === 'message') {
      if (!subscription.isNew(message.cursor)) return;
      subscription.cursor = message.cursor;
      options.message?.(message);
    } else if (message.type === 'gap') {
      if (message.cursor) subscription.cursor = message.cursor;
      options.gap?.(message);
    } else if (message.type === 'presence') {
      options.presence?.(message);
    } else if (message.type === 'subscribed') {
      subscription.cursor = message.cursor;
      options.subscribed?.(message.cursor);
    } else if (message.type === 'refused') {
      this.#subscriptions.delete(message.topic);
      options.refused?.(message.why);
    }
  }

  #isLive({ from }) {
    this.from = from;
    this.#link.live = true;
    this.#delay = firstDelay;
    this.#failures.set(this.#link.name, 0);
    this.#enter('live');
    this.#flush();
  }

  // -- what goes

  #settle({ type, topic, number, cursor, why }) {
    const at = this.#outbox.findIndex((entry) => entry.number === number && entry.topic === topic);
    if (at < 0) return;
    const [entry] = this.#outbox.splice(at, 1);
    if (type === 'ack') entry.resolve(cursor ?? null);
    else entry.reject(new Error(why));
    this.#flush();
  }

  #flush() {
    const link = this.#link;
    if (!link?.live) return;
    if (!link.send) return void this.#post();
    for (const entry of this.#outbox.slice(0, mostUnderWay))
      if (!entry.sent) {
        entry.sent = true;
        link.send(asPublish(entry));
      }
  }

  /** One request at a time, so that messages keep their order. */
  async #post() {
    if (this.#posting) return;
    this.#posting = true;
    let delay = firstDelay;
    while (this.#outbox.length > 0 && this.#link?.live && !this.#link.send) {
      const body = this.#outbox.slice(0, mostUnderWay).map(asPublish);
      try {
        const answer = await request(`${this.#url}/publish?${this.#query}`, { body });
        for (const message of answer.messages) this.#settle(message);
        delay = firstDelay;
      } catch (failure) {
        if (isFinal(failure.status)) for (const { topic, number } of body)
          this.#settle({ type: 'rejected', topic, number, why: failure.message });
        else await new Promise((resolve) => setTimeout(resolve, (delay = Math.min(2 * delay, longestDelay))));
      }
    }
    this.#posting = false;
    if (this.#outbox.length > 0) this.#flush(); // on a socket by now
  }
}

const isFinal = (status) => status >= 400 && status < 500 && status !== 408 && status !== 429;
const asPublish = ({ topic, number, data }) => ({ type: 'publish', topic, number, data });

async function request(address, { method, body, signal, limit = requestLimit } = {}) {
  const signals = [AbortSignal.timeout(limit), ...(signal ? [signal] : [])];
  const response = await fetch(address, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    cache: 'no-store',
    signal: AbortSignal.any(signals),
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw Object.assign(new Error(text.slice(0, 200)), { status: response.status });
  return method === 'HEAD' ? {} : JSON.parse(text);
}

// -- transports: open one, and tell `message` of what comes and `failed` of its end, once

function openSocket(url, query, asked, { message, failed }) {
  const address = new URL(`${url}/ws?${query}`, location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  const socket = new WebSocket(address);
  const waiting = [...asked];
  const send = (what) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
    else waiting.push(what);
  };
  socket.onopen = () => waiting.splice(0).forEach(send);
  socket.onmessage = ({ data }) => message(JSON.parse(data));
  socket.onclose = failed;
  return {
    send,
    close() {
      socket.onclose = null;
      socket.close();
    },
  };
}

function openStream(url, query, asked, { message, failed }) {
  const stream = new EventSource(`${url}/events?${query}&subscribe=${encodeURIComponent(JSON.stringify(asked))}`);
  stream.onmessage = ({ data }) => message(JSON.parse(data));
  stream.onerror = failed; // it would come back by itself, but from where it began
  return { close: () => stream.close() };
}

function openPolls(url, query, asked, { message, failed }) {
  const closing = new AbortController();
  const { signal } = closing;
  (async () => {
    let news = await request(`${url}/poll?${query}`, { body: asked, signal });
    while (!signal.aborted) {
      const where = `lease=${news.lease}&cursor=${news.cursor}`;
      news = await request(`${url}/poll?${where}`, { signal, limit: pollLimit });
      news.events.forEach(message);
      message({ type: 'beat' });
    }
  })().catch(() => signal.aborted || failed());
  return { close: () => closing.abort() };
}
