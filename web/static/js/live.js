/**
 * Keeps the page in touch: server-sent events; else a question that is answered when there is something to tell; else a
 * question now and then. Which one is found out by trying and never mentioned. Events are hints: they go out as
 * "evantr:…" events of the window, and the counts are read anew.
 */
import { get } from "./api.js";
import * as counts from "./counts.js";

const patience = 10_000; // without contact until the page says so
const second = 1000;
const retry = 5000;
const longest = 25; // seconds that a question may stay open: less than what proxies allow
let source = null;
let refusals = 0;
let streamed = false; // whether a stream ever came through on this page
let contact = performance.now();
let contactAt = new Date();
let quiet = 0;
let reading = 0;
let readAt = 0;
let held = 0; // questions in a row that were cut off while they were open
let state = { rev: 0, feed_rev: 0 };

const tell = (kind, detail) => dispatchEvent(new CustomEvent(`evantr:${kind}`, { detail }));

function reached() {
  contact = performance.now();
  contactAt = new Date();
  clearTimeout(quiet);
  quiet = 0;
  counts.connected(true);
  if (localStorage.getItem("evantr.waiting")) import("./queue.js").then(({ flush }) => flush());
}

function unreached() {
  quiet ||= setTimeout(() => counts.connected(false, contactAt), Math.max(0, patience - (performance.now() - contact)));
}

/** All counts in one request: at most one a second, none while nobody looks. */
function readCounts() {
  if (reading || document.hidden) return;
  reading = setTimeout(async () => {
    reading = 0;
    readAt = performance.now();
    try {
      const now = await get("/counters");
      state = { rev: now.rev, feed_rev: now.feed_rev };
      counts.live(now.live);
      if (!counts.set(now)) tell("differ");
      reached();
    } catch {
      unreached(); // the line in the sidebar says it; the next event or minute tries again
    }
  }, Math.max(0, readAt + second - performance.now()));
}

function receive({ type, data }) {
  reached();
  const detail = JSON.parse(data || "{}");
  const known = type === "counters" && detail.rev === state.rev && (detail.feed_rev ?? state.feed_rev) === state.feed_rev;
  if (!["flag", "feed", "import", "notified", "talk"].includes(type) && !known) readCounts();
  if (type === "feed") {
    import("./icon.js").then(({ redraw }) => redraw(detail.feed_id));
    // A stream's changes are of what is in it: a share that was taken back is in no count any more.
    if (!document.querySelector(`.side [data-feed-row="${detail.feed_id}"] .fav`)) readCounts();
  }
  tell(type, detail);
}

/** The browser tries again by itself; what it gives up, and what never gets through, is polled for. */
function listen() {
  refusals = 0;
  source = new EventSource("/api/v1/stream");
  source.addEventListener("open", () => { streamed = true; held = 0; refusals = 0; reached(); });
  for (const kind of ["counters", "entries", "feed", "flag", "import", "notified", "talk", "lost"]) source.addEventListener(kind, receive);
  source.addEventListener("error", () => {
    unreached();
    if (source.readyState !== EventSource.CLOSED && ++refusals < 4) return;
    source.close();
    source = null;
    setTimeout(poll, second);
  });
}

/** With a question that stays open until something happens, where those get through. */
async function poll() {
  const wait = held < 2 ? longest : 0;
  try {
    const now = await get(`/poll?rev=${state.rev}&feed_rev=${state.feed_rev}&wait=${wait}`);
    reached();
    if (wait) held = 0;
    if (now.changed) { readCounts(); tell("entries", {}); }
    tell("notified", {}); // what only a stream would have told
    state = { rev: now.rev, feed_rev: now.feed_rev };
    if (streamed) return listen(); // the server was away, streams get through
    setTimeout(poll, wait ? second : now.wait * second);
  } catch {
    unreached();
    if (wait) held += 1;
    setTimeout(poll, retry);
  }
}

/** After the connection or the person came back. */
function back() {
  if (document.hidden) return;
  readCounts();
  tell("entries", {});
}

export function start() {
  counts.start();
  listen();
  addEventListener("online", back);
  addEventListener("offline", unreached);
  addEventListener("evantr:changed", readCounts);
  document.addEventListener("visibilitychange", back);
  addEventListener("pageshow", (event) => { if (event.persisted) { listen(); back(); } });
  addEventListener("pagehide", () => source?.close());
}
