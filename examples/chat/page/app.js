// SPDX-License-Identifier: BSD-3-Clause
// The document: what is shown of a Session, and what the user does.
import { Session, request } from '/session.js';
import { recall, remember } from '/storage.js';

const $ = (id) => document.getElementById(id);
const gate = $('gate');
const log = $('log');
const stateNames = {
  joining: 'Connecting…',
  live: 'Live',
  reconnecting: 'Reconnecting…',
};
const roomPattern = /^[a-z0-9-]{1,40}$/;
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const calendar = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

let session = null;
let rooms = [];
let unread = 0;
let following = true; // the newest message is in sight, and shall stay there

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { dataset, style, ...rest } = properties;
  Object.assign(element, rest);
  Object.assign(element.dataset, dataset);
  for (const [name, value] of Object.entries(style ?? {})) element.style.setProperty(name, value);
  element.append(...children);
  return element;
}

// The golden angle keeps even neighbouring hashes apart on the colour wheel.
function hue(nick) {
  let hash = 0;
  for (const character of nick) hash = (hash * 31 + character.codePointAt(0)) % 65_521;
  return Math.round((hash * 137.508) % 360);
}

function avatar(nick) {
  const initial = [...nick][0]?.toUpperCase() ?? '?';
  const element = make('span', { className: 'avatar', style: { '--hue': hue(nick) } }, initial);
  element.setAttribute('aria-hidden', 'true');
  return element;
}

const view = {
  shown: [], // in the order of their ids

  stateChanged(state) {
    $('state').dataset.state = state;
    $('state').lastElementChild.textContent = stateNames[state];
    $('crash').disabled = state !== 'live';
  },

  joined() {
    if (gate.open) gate.close();
    remember(localStorage, 'nick', session.nick);
    remember(sessionStorage, 'nick', session.nick);
    refreshRooms();
    // Only what comes after the history is news to a screen reader.
    requestAnimationFrame(() => log.setAttribute('aria-live', 'polite'));
  },

  refused(reason) {
    openGate(reason);
  },

  cleared() {
    this.shown = [];
    $('messages').replaceChildren();
  },

  received(messages) {
    const inOrder = this.shown.length === 0 || messages[0].id > this.shown.at(-1).id;
    if (inOrder) {
      for (const message of messages) this.append(message);
    } else {
      const all = [...this.shown, ...messages].sort((a, b) => a.id - b.id);
      const top = log.scrollTop;
      this.cleared();
      for (const message of all) this.append(message);
      log.scrollTop = top;
    }
    const spoken = messages.filter((message) => message.kind === 'say' && message.nick !== session.nick);
    if (document.hidden) countUnread(spoken.length);
    if (following) scrollToEnd();
    else if (spoken.length > 0) $('jump').hidden = false;
  },

  append(message) {
    const previous = this.shown.at(-1);
    const list = $('messages');
    if (previous === undefined || !sameDay(previous.at, message.at)) {
      list.append(make('li', { className: 'day' }, dayName(message.at)));
    }
    list.append(message.kind === 'say' ? bubble(message, previous) : noticeLine(message));
    this.shown.push(message);
  },

  sending(entry) {
    const last =
      $('outbox').childElementCount > 0
        ? { kind: 'say', nick: session.nick, at: entry.at }
        : this.shown.at(-1);
    entry.element = bubble({ ...entry, nick: session.nick, kind: 'say' }, last);
    entry.element.classList.add('pending');
    delete entry.element.dataset.id;
    entry.element.dataset.testid = 'pending';
    $('outbox').append(entry.element);
    scrollToEnd();
  },

  settled(entry) {
    entry.element.remove();
  },

  rejected(entry, reason) {
    notify(`Not sent: ${reason}`, 'bad');
    if ($('text').value === '') $('text').value = entry.text;
  },

  membersChanged(members) {
    const sorted = [...new Set(members)].sort((a, b) => a.localeCompare(b));
    $('member-count').textContent = $('member-badge').textContent = sorted.length;
    const current = [...$('members').children].map((item) => item.dataset.nick);
    if (current.join('\n') === sorted.join('\n')) return;
    $('members').replaceChildren(...sorted.map(memberItem));
  },

  incarnationChanged(incarnation) {
    for (const place of document.querySelectorAll('[data-incarnation]')) place.textContent = incarnation;
  },

  noticed(kind, nick) {
    this.append({ id: this.shown.at(-1)?.id ?? 0, at: Date.now(), kind, nick });
    if (following) scrollToEnd();
  },

  recovered(messages) {
    const count = `${messages} ${messages === 1 ? 'line' : 'lines'}`;
    const back = `The room’s process died. It was started again, and ${count} are still here.`;
    notify(back, 'good');
    $('crash-log').textContent = `${clock.format(Date.now())} · ${back}`;
  },
};

function sameDay(a, b) {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

function dayName(at) {
  const now = new Date();
  if (sameDay(at, now)) return 'Today';
  if (sameDay(at, new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return 'Yesterday';
  return calendar.format(at);
}

function timeOf(at) {
  return make('time', { dateTime: new Date(at).toISOString() }, clock.format(at));
}

function bubble(message, previous) {
  const own = message.nick === session.nick;
  const follows =
    previous?.kind === 'say' &&
    previous.nick === message.nick &&
    sameDay(previous.at, message.at) &&
    message.at - previous.at < 5 * 60_000;
  const who = make(
    'span',
    { className: own || follows ? 'who hidden-text' : 'who', style: { '--hue': hue(message.nick) } },
    own ? 'You' : message.nick,
  );
  const text = make(
    'span',
    { className: 'text', dir: 'auto', dataset: { testid: 'message-text' } },
    message.text,
  );
  return make(
    'li',
    {
      className: `message ${own ? 'own' : 'other'}${follows ? ' follows' : ''}`,
      dataset: { testid: 'message', id: message.id, kind: 'say', nick: message.nick },
    },
    ...(own ? [] : [avatar(message.nick)]),
    make('div', { className: 'bubble' }, who, text, timeOf(message.at)),
  );
}

function noticeLine(message) {
  const words = { join: `${message.nick} joined`, leave: `${message.nick} left` };
  return make(
    'li',
    {
      className: `notice ${message.kind}`,
      dataset: { testid: 'message', id: message.id, kind: message.kind },
    },
    make('span', {}, words[message.kind] ?? message.text),
    timeOf(message.at),
  );
}

function memberItem(nick) {
  const item = make(
    'li',
    { dataset: { testid: 'member', nick } },
    avatar(nick),
    make('span', { className: 'member-nick' }, nick),
  );
  if (nick === session.nick) item.append(make('span', { className: 'you' }, 'you'));
  return item;
}

function scrollToEnd() {
  log.scrollTop = log.scrollHeight;
  following = true;
  $('jump').hidden = true;
}

let noticeTimer = 0;

function notify(text, tone, ms = 6000) {
  clearTimeout(noticeTimer);
  $('notice').textContent = text;
  $('notice').dataset.tone = tone;
  $('notice').classList.add('shown');
  if (ms > 0) noticeTimer = setTimeout(() => $('notice').classList.remove('shown'), ms);
}

function countUnread(more) {
  unread += more;
  const room = session ? `#${session.room} · ` : '';
  document.title = `${unread > 0 ? `(${unread}) ` : ''}${room}Perron chat`;
}

function showRooms() {
  const counts = new Map(rooms.map((room) => [room.name, room.members]));
  if (session && !counts.has(session.room)) counts.set(session.room, 1);
  const names = [...counts.keys()].sort((a, b) => a.localeCompare(b));
  const links = new Map([...$('rooms').children].map((item) => [item.dataset.room, item]));
  for (const [name, item] of links) if (!counts.has(name)) item.remove();
  names.forEach((name, index) => {
    const item = links.get(name) ?? roomItem(name);
    if ($('rooms').children[index] !== item)
      $('rooms').insertBefore(item, $('rooms').children[index] ?? null);
    const link = item.firstElementChild;
    const members = counts.get(name);
    link.lastElementChild.textContent = members;
    link.lastElementChild.dataset.empty = members === 0;
    link.setAttribute('aria-label', `${name}, ${members} ${members === 1 ? 'person' : 'people'}`);
    if (name === session?.room) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  });
}

function roomItem(name) {
  const hash = make('span', { className: 'hash' }, '#');
  const link = make(
    'a',
    { href: `#${name}`, dataset: { testid: 'room-link' } },
    hash,
    make('span', { className: 'room-name' }, name),
    make('span', { className: 'count' }, '0'),
  );
  return make('li', { dataset: { room: name } }, link);
}

async function refreshRooms() {
  try {
    rooms = (await request('/api/rooms')).rooms;
    showRooms();
    const here = rooms.find((room) => room.name === session?.room);
    if (here) view.incarnationChanged(here.incarnation);
  } catch {
    // The session reports what is wrong with the connection; the list is simply as old as it is.
  }
}

function toRoomName(text) {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^#/, '')
    .replace(/[\s_]+/g, '-');
  return roomPattern.test(name) ? name : null;
}

function roomFromAddress() {
  try {
    return toRoomName(decodeURIComponent(location.hash));
  } catch {
    return null;
  }
}

function enterRoom(room, nick) {
  session?.leave();
  session = new Session(room, nick, view);
  log.setAttribute('aria-live', 'off');
  following = true;
  view.cleared();
  $('outbox').replaceChildren();
  $('members').replaceChildren();
  $('notice').classList.remove('shown');
  $('crash-log').textContent = 'No crash seen yet.';
  view.stateChanged('joining');
  view.incarnationChanged('–');
  $('room-name').textContent = room;
  $('my-nick').textContent = nick;
  $('my-avatar').textContent = [...nick][0].toUpperCase();
  $('my-avatar').style.setProperty('--hue', hue(nick));
  if (roomFromAddress() !== room) location.hash = room;
  countUnread(-unread);
  showRooms();
  session.run();
}

function openGate(reason = '') {
  closePanels();
  $('gate-nick').value = session?.nick ?? recall(localStorage, 'nick') ?? '';
  $('gate-room').value = session?.room ?? roomFromAddress() ?? 'lobby';
  $('gate-error').textContent = reason;
  $('gate-join').disabled = false;
  if (!gate.open) gate.showModal();
  ($('gate-nick').value === '' || reason !== '' ? $('gate-nick') : $('gate-join')).focus();
}

const narrow = { rooms: matchMedia('(max-width: 759px)'), room: matchMedia('(max-width: 1079px)') };
const panels = { rooms: $('rooms-panel'), room: $('room-panel') };
const openers = { rooms: $('open-rooms'), room: $('open-room') };
let opened = null;

function showPanel(name) {
  opened = name;
  for (const key of Object.keys(panels)) {
    const open = key === name;
    panels[key].classList.toggle('open', open);
    panels[key].inert = narrow[key].matches && !open;
    openers[key].setAttribute('aria-expanded', String(open));
  }
  $('scrim').hidden = name === null;
  if (name !== null) panels[name].querySelector('.panel-close').focus();
}

function closePanels() {
  if (opened === null) return;
  const opener = openers[opened];
  showPanel(null);
  opener.focus();
}

for (const name of Object.keys(panels)) {
  openers[name].addEventListener('click', () => showPanel(name));
  panels[name].querySelector('.panel-close').addEventListener('click', closePanels);
  narrow[name].addEventListener('change', () => showPanel(null));
}
$('scrim').addEventListener('click', closePanels);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !gate.open) closePanels();
});

$('gate-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const nick = $('gate-nick').value.trim().replace(/\s+/g, ' ');
  const room = toRoomName($('gate-room').value);
  if (nick === '') return openGate('Pick a name first.');
  if (room === null) {
    $('gate-error').textContent = 'A room name has 1 to 40 letters a–z, digits or hyphens.';
    return $('gate-room').focus();
  }
  $('gate-error').textContent = '';
  if (session && !session.ended && session.nick === nick && session.room === room) return gate.close();
  $('gate-join').disabled = true;
  enterRoom(room, nick);
});
gate.addEventListener('cancel', (event) => {
  if (!session || session.ended) event.preventDefault();
});
gate.addEventListener('close', () => $('text').focus());
$('change-nick').addEventListener('click', () => openGate());

$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = $('text').value.trim();
  if (text === '' || !session || session.ended) return;
  $('text').value = '';
  fitComposer();
  session.say(text);
  $('text').focus();
});
$('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $('composer').requestSubmit();
});
$('text').addEventListener('input', fitComposer);

function fitComposer() {
  $('text').style.height = 'auto';
  $('text').style.height = `${$('text').scrollHeight + 2}px`;
}

$('new-room').addEventListener('submit', (event) => {
  event.preventDefault();
  const room = toRoomName($('new-room-name').value);
  $('new-room-name').setAttribute('aria-invalid', String(room === null));
  if (room === null) return;
  $('new-room-name').value = '';
  location.hash = room;
});
$('new-room-name').addEventListener('input', () => $('new-room-name').removeAttribute('aria-invalid'));
$('rooms').addEventListener('click', () => closePanels());

$('crash').addEventListener('click', async () => {
  $('crash').disabled = true;
  closePanels();
  try {
    await session.crash();
  } catch (failure) {
    if (session.state !== 'live') return;
    notify(`Could not crash the room: ${failure.message}`, 'bad');
    $('crash').disabled = false;
  }
});

log.addEventListener(
  'scroll',
  () => {
    following = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    if (following) $('jump').hidden = true;
  },
  { passive: true },
);
new ResizeObserver(() => {
  if (following) scrollToEnd();
}).observe(log);
$('jump').addEventListener('click', scrollToEnd);

addEventListener('hashchange', () => {
  const room = roomFromAddress();
  if (room === null || !session) return;
  closePanels();
  if (room !== session.room) enterRoom(room, session.nick);
});
addEventListener('online', () => session?.retryNow());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  countUnread(-unread);
  session?.retryNow();
  refreshRooms();
});
addEventListener('pagehide', () => session?.leave());
addEventListener('pageshow', (event) => {
  if (event.persisted && session) enterRoom(session.room, session.nick);
});
setInterval(() => {
  if (!document.hidden) refreshRooms();
}, 5000);

showPanel(null);
refreshRooms();
const nickOfThisTab = recall(sessionStorage, 'nick');
// A reloaded tab goes on by itself.
if (nickOfThisTab !== null) enterRoom(roomFromAddress() ?? 'lobby', nickOfThisTab);
else openGate();
