// SPDX-License-Identifier: BSD-3-Clause
// A Session is one stay in one room: what the channel's client tells becomes what the view shows; it knows nothing
// of the document.
import { Channel } from '/live/client.js';
import { recall, remember } from '/storage.js';

const requestLimit = 10_000;
const history = 200; // lines to begin with
const transport = new URLSearchParams(location.search).get('transport'); // 'ws', 'sse', 'poll'; null: the best

const stats = (window.chatStats = { joins: 0, failures: 0, transport: null });

export async function request(path, body) {
  const response = await fetch(path, {
    method: body === undefined ? 'GET' : 'POST',
    cache: 'no-store',
    signal: AbortSignal.timeout(requestLimit),
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim() || `HTTP ${response.status}`);
  return text === '' ? {} : JSON.parse(text);
}

/** By this a reloaded tab is the same person; a secret of the tab's. */
function ownerOfName() {
  const kept = recall(sessionStorage, 'owner');
  if (kept !== null) return kept;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const made = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  remember(sessionStorage, 'owner', made);
  return made;
}

export class Session {
  state = 'joining';
  ended = false;
  #channel = null;
  #members = new Set();
  #outbox = [];
  #joined = false;

  constructor(room, nick, view) {
    this.room = room;
    this.nick = nick;
    this.view = view;
  }

  run() {
    this.#channel = new Channel('/live', {
      transport,
      query: { nick: this.nick },
      state: (name) => this.#connection(name),
    });
    this.#channel.subscribe(this.room, {
      replay: history,
      watch: true,
      member: { key: this.nick, owner: ownerOfName() },
      message: (message) => this.#take(message),
      gap: (gap) => gap.missed === undefined && this.view.cleared(),
      presence: (change) => this.#count(change),
      subscribed: () => this.#isLive(),
      refused: (why) => this.#finish(why),
    });
  }

  /** Cuts a wait short: the network or the user came back. */
  retryNow() {
    this.#channel?.retryNow();
  }

  say(text) {
    const entry = { text, at: Date.now() };
    this.#outbox.push(entry);
    this.view.sending(entry);
    const { number, done } = this.#channel.publish(this.room, { text });
    entry.number = number;
    done.catch((refusal) => {
      this.#drop(entry);
      this.view.rejected(entry, refusal.message);
    });
  }

  crash() {
    return request(`/api/rooms/${this.room}/crash`, {});
  }

  leave() {
    if (this.ended) return;
    this.ended = true;
    this.#channel?.unsubscribe(this.room);
    this.#channel?.close();
  }

  #finish(reason) {
    this.leave();
    this.view.refused(reason);
  }

  #connection(name) {
    stats.transport = this.#channel?.transport ?? null;
    if (name === 'waiting') stats.failures += 1;
    if (name !== 'live' && this.#joined) this.#enter('reconnecting');
  }

  #isLive() {
    stats.joins += 1;
    this.#enter('live');
    if (!this.#joined) this.view.joined();
    this.#joined = true;
  }

  #enter(state) {
    if (this.state === state || this.ended) return;
    this.state = state;
    this.view.stateChanged(state);
  }

  #take({ cursor, at, from, number, data }) {
    const id = Number(cursor.split('-')[1]);
    const mine = from === this.#channel.from && this.#outbox.find((entry) => entry.number === number);
    if (mine) this.#drop(mine);
    this.view.received([{ id, at, kind: data.kind, nick: data.nick ?? '', text: data.text }]);
    if (data.kind !== 'system') return;
    this.view.incarnationChanged(data.incarnation);
    if (this.#joined) this.view.recovered(this.view.shown.length);
  }

  #drop(entry) {
    this.#outbox = this.#outbox.filter((other) => other !== entry);
    this.view.settled(entry);
  }

  #count({ joined, left, full, settled }) {
    const came = joined.map((member) => member.key).filter((key) => !this.#members.has(key));
    const gone = left.filter((key) => this.#members.has(key));
    if (full && settled) this.#members.clear();
    for (const { key } of joined) this.#members.add(key);
    for (const key of left) this.#members.delete(key);
    this.view.membersChanged([...this.#members]);
    if (full) return;
    for (const nick of came) this.view.noticed('join', nick);
    for (const nick of gone) this.view.noticed('leave', nick);
  }
}
