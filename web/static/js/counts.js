/** Counts, title and favicon: drawn at most once a second, never under a pointer, never in a hidden tab. */
import { all, count, one, say } from "./dom.js";

const second = 1000;
const minute = 60_000;
const silence = 30_000;
let exact = false; // until the server sent all counts, those of closed folders are not known feed by feed
const known = { unread: 0, later: 0, feeds: new Map() };
let drawn = 0;
let timer = 0;
let held = false;
let iconAt = -Infinity;
let spokenAt = -Infinity;
const news = new Map();

const shown = (link) => Number(link.dataset.count || 0);

/** What the server drew, before the first event. */
function read() {
  for (const link of all(".side [data-feed-row]")) known.feeds.set(Number(link.dataset.feedRow), shown(link));
  const everything = one(".side [data-count-of=all]");
  if (everything) known.unread = shown(everything);
  const later = one(".side [data-count-of=later]");
  if (later) known.later = shown(later);
}

function paint(link, number, word = "unread") {
  if (shown(link) === number) return;
  link.dataset.count = number;
  link.classList.toggle("has", number > 0);
  one(".count", link).textContent = number ? count(number) : "";
  const spoken = one(".vh.counted", link);
  if (spoken) spoken.textContent = number ? ` ${word}` : "";
}

/** The sum over a folder's feeds; while they are not drawn the folder names them. */
function sum(folder) {
  const ids = [folder, ...all(".folder", folder)].flatMap((each) => each.dataset.feeds?.split(" ") ?? []);
  ids.push(...all("[data-feed-row]", folder).map((link) => link.dataset.feedRow));
  return ids.reduce((total, id) => total + (known.feeds.get(Number(id)) ?? 0), 0);
}

function draw() {
  timer = 0;
  if (held || document.hidden) return;
  drawn = performance.now();
  for (const link of all(".side [data-feed-row]")) paint(link, known.feeds.get(Number(link.dataset.feedRow)) ?? 0);
  if (exact) for (const folder of all(".side .folder")) paint(one("[data-folder-row]", folder), sum(folder));
  for (const link of all("[data-count-of=all]")) paint(link, known.unread);
  for (const link of all("[data-count-of=later]")) paint(link, known.later, "entries");
  title();
  favicon();
}

function plan() {
  if (timer || held || document.hidden) return;
  timer = setTimeout(draw, Math.max(0, drawn + second - performance.now()));
}

function title() {
  const bare = document.title.replace(/^\([\d.,\s]+\) /, "");
  document.title = known.unread ? `(${count(known.unread)}) ${bare}` : bare;
}

function favicon() {
  const link = one("link[rel=icon][data-up]");
  if (!link || performance.now() - iconAt < minute) return;
  const wanted = known.unread ? link.dataset.up : link.dataset.down;
  if (link.getAttribute("href") === wanted) return;
  iconAt = performance.now();
  link.href = wanted;
}

/** All counts, from the server. @returns {boolean} whether they are what the page reckoned itself */
export function set({ unread, later, feeds }) {
  const as = known.unread === unread;
  exact = true;
  known.unread = unread;
  known.later = later;
  known.feeds = new Map(Object.entries(feeds).map(([id, number]) => [Number(id), number]));
  plan();
  return as;
}

/** One entry more or less, ahead of the server's word. */
export function bump(feed, by) {
  known.unread += by;
  known.feeds.set(feed, (known.feeds.get(feed) ?? 0) + by);
  plan();
}

/** "2 new in Making things", at most once in 30 seconds. */
export function tell(where, number) {
  news.set(where, (news.get(where) ?? 0) + number);
  if (news.size > 1) return;
  setTimeout(() => {
    spokenAt = performance.now();
    say([...news].map(([name, some]) => `${count(some)} new in ${name}`).join(", "), "news");
    news.clear();
  }, Math.max(0, spokenAt + silence - performance.now()));
}

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const late = "News is late at the moment: this page looks for it every few seconds."; // as web/kit.py has it
let away = ""; // what the line in the sidebar's foot says while there is no contact
let slow = one("#offline")?.textContent ?? "";

function line() {
  const text = away || slow;
  const spot = one("#offline");
  if (!spot || spot.textContent === text) return;
  spot.hidden = !text;
  spot.textContent = text;
}

/** @param {boolean} yes @param {Date} [last] contact */
export function connected(yes, last) {
  if (yes) away = "";
  else away ||= `Not connected. What you see is from ${clock.format(last)}.`;
  line();
}

/** @param {boolean} yes whether the server tells news as it happens */
export function live(yes) {
  slow = yes ? "" : late;
  line();
}

function hold() { held = true; }
function release() { held = false; plan(); }

export function start() {
  read();
  addEventListener("evantr:moved", plan);
  addEventListener("pointerdown", hold, { passive: true });
  for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, release, { passive: true });
  document.addEventListener("visibilitychange", plan);
}
