/**
 * Acts on entries, sent one after the other. Each is kept on this device until the server has it: without a
 * connection, or when the page goes before its turn, it waits there for the next chance. One that decides the same
 * as an earlier one takes its place, so that a double is never sent.
 */
import { Away, call } from "./api.js";

const store = "evantr.waiting";
const callers = new Map(); // acts of this page, by id: who waits for the answer
let sending = "";
let loop = null;

const waiting = () => JSON.parse(localStorage.getItem(store) || "[]");
const inherited = new Set(waiting().map((act) => act.id)); // of an earlier page: this one was drawn without them

function keep(acts) {
  if (acts.length) localStorage.setItem(store, JSON.stringify(acts));
  else localStorage.removeItem(store);
}

function answer(id, how, value) {
  callers.get(id)?.[how](value);
  callers.delete(id);
}

/** What the server refuses is dropped: the entry may be gone since. */
async function send({ id, method, path, body }) {
  sending = id;
  try {
    answer(id, "resolve", await call(method, path, body, { keepalive: true }));
  } catch (error) {
    if (error instanceof Away) return false;
    if (callers.has(id)) answer(id, "reject", error);
    else dispatchEvent(new CustomEvent("evantr:refused", { detail: error }));
  } finally {
    sending = "";
  }
  keep(waiting().filter((act) => act.id !== id));
  localStorage.setItem("evantr.acted", Date.now());
  if (inherited.delete(id) && !inherited.size) dispatchEvent(new CustomEvent("evantr:inherited"));
  return true;
}

async function drain() {
  for (let [act] = waiting(); act; [act] = waiting()) {
    if (await send(act)) continue;
    for (const id of [...callers.keys()]) answer(id, "resolve", null); // they wait for the connection
    return;
  }
}

/** Sends what waits; again after a connection came back. */
export function flush() {
  loop ??= drain().finally(() => {
    loop = null;
    if (callers.size) flush(); // an act came while the last one ended
  });
  return loop;
}

/**
 * @param {{key: string, method: string, path: string, body?: any}} what `key` names what it decides ("read/12")
 * @returns {Promise<any>} the answer; null when the act waits for a connection, or a later one took its place
 */
export function act(what) {
  const id = `${Date.now()}.${Math.random()}`;
  const acts = waiting();
  const replaced = acts.filter((other) => other.key === what.key && other.id !== sending);
  keep([...acts.filter((other) => !replaced.includes(other)), { ...what, id }]);
  for (const { id: gone } of replaced) answer(gone, "resolve", null);
  const promise = new Promise((resolve, reject) => callers.set(id, { resolve, reject }));
  flush();
  return promise;
}
