/**
 * Acts on entries, sent in order. Without a connection they wait on this device; one that says the same as an
 * earlier one takes its place, so that a double is never sent.
 */
import { Away, call } from "./api.js";

const store = "evantr.waiting";
let chain = Promise.resolve();

function waiting() {
  return JSON.parse(localStorage.getItem(store) || "[]");
}

function keep(acts) {
  if (acts.length) localStorage.setItem(store, JSON.stringify(acts));
  else localStorage.removeItem(store);
}

function put(act) {
  keep([...waiting().filter((other) => other.key !== act.key), act]);
}

/** Sends what waited. What the server refuses now is dropped: the entry may be gone since. */
async function drain() {
  for (let acts = waiting(); acts.length; acts = waiting()) {
    const [act] = acts;
    try {
      await call(act.method, act.path, act.body);
    } catch (error) {
      if (error instanceof Away) return false;
      dispatchEvent(new CustomEvent("evantr:refused", { detail: error }));
    }
    keep(waiting().filter((other) => other.key !== act.key));
  }
  return true;
}

/** Runs one after the other: a later act never overtakes an earlier one. */
function inOrder(work) {
  const done = chain.then(work);
  chain = done.catch(() => undefined); // the caller hears of it; the next act must still run
  return done;
}

/**
 * @param {{key: string, method: string, path: string, body?: any}} act `key` names what it decides ("read/12")
 * @returns {Promise<any>} the answer; null when the act waits for a connection
 */
export function act(act) {
  return inOrder(async () => {
    if (!(await drain())) return put(act), null;
    try {
      return await call(act.method, act.path, act.body, { keepalive: true });
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      put(act);
      return null;
    }
  });
}

/** After a connection came back. @returns {Promise<boolean>} whether nothing waits any more */
export const flush = () => inOrder(drain);
export const anyWaiting = () => waiting().length > 0;
