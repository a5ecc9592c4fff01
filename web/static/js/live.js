/**
 * Keeps the page in touch: server-sent events, else long polling, else a question a minute. Which one is found out
 * by trying and never mentioned. Events are hints; what they carry goes out as "evantr:…" events of the window.
 */
import { get } from "./api.js";
import { anyWaiting, flush } from "./queue.js";
import * as counts from "./counts.js";

const kinds = ["counters", "entries", "feed", "flag"];
const patience = 10_000; // without contact until the page says so
const minute = 60_000;
let source = null;
let refused = 0;
let contact = performance.now();
let quiet = 0;

const tell = (kind, detail) => dispatchEvent(new CustomEvent(`evantr:${kind}`, { detail }));

function reached() {
  contact = performance.now();
  clearTimeout(quiet);
  counts.connected(true);
  if (anyWaiting()) flush();
}

function unreached() {
  clearTimeout(quiet);
  quiet = setTimeout(() => counts.connected(false), Math.max(0, patience - (performance.now() - contact)));
}

/** All counts at once: after something was lost, and when a person comes back to the page. */
async function catchUp() {
  try {
    tell("counters", await get("/counters"));
    tell("lost");
    reached();
  } catch {
    unreached(); // the line in the sidebar says it; the next try comes by itself
  }
}

function receive(event) {
  reached();
  if (event.type === "lost") catchUp();
  else tell(event.type, JSON.parse(event.data));
}

/** Server-sent events. The browser tries again by itself; a server or proxy that never lets them through, does not. */
function listen() {
  source = new EventSource("/api/v1/stream");
  source.addEventListener("open", () => { refused = 0; reached(); });
  for (const kind of [...kinds, "lost", "ping"]) source.addEventListener(kind, receive);
  source.addEventListener("error", () => {
    unreached();
    if (source.readyState !== EventSource.CLOSED && ++refused < 4) return;
    source.close();
    source = null;
    poll();
  });
}

/** Long polling: the answer comes when something happened; one that comes at once makes the next wait a minute. */
async function poll(since = "") {
  const began = performance.now();
  let pause = minute;
  try {
    const answer = await get(`/poll${since && `?since=${encodeURIComponent(since)}`}`);
    reached();
    if (answer.counters) tell("counters", answer.counters);
    if (answer.changed) tell("lost");
    since = answer.since ?? since;
    if (performance.now() - began > 1000) pause = 0;
  } catch {
    unreached();
  }
  setTimeout(poll, pause, since);
}

export function start() {
  counts.start();
  listen();
  addEventListener("online", catchUp);
  addEventListener("offline", unreached);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) catchUp(); });
  addEventListener("pagehide", () => source?.close());
}
