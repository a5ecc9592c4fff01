/** One toast at a time, for 10 seconds; what it offers to undo stays undoable by Z while the page lives. */
import { call } from "./api.js";
import { make, one, say } from "./dom.js";

const stay = 10_000;
const undos = [];
let running = Promise.resolve();
let timer = 0;
let left = stay;
let since = 0;

const spot = () => one(".toast-spot");

function hide() {
  clearTimeout(timer);
  spot().replaceChildren();
}

function run() {
  since = performance.now();
  timer = setTimeout(hide, left);
}

function pause() {
  clearTimeout(timer);
  left = Math.max(1000, left - (performance.now() - since));
}

function draw(text, button) {
  clearTimeout(timer);
  left = stay;
  const box = make("div", { class: "toast", pointerenter: pause, pointerleave: run, focusin: pause, focusout: run },
    make("span", {}, text), ...(button ? [button] : []));
  spot().replaceChildren(box);
  run();
}

/** Says what happened. @param {string} text */
export function toast(text) {
  draw(text);
  say(text);
}

/** An error in the server's words. */
export function complain(error) {
  toast(error.message);
}

/**
 * Says what was done and offers to take it back.
 * @param {{label: string, undo: string|null}} done the API's answer
 * @param {() => any} [after] draws the page as it was, once the server has undone it
 */
export function offer(done, after) {
  if (!done.undo) return toast(done.label);
  undos.push({ token: done.undo, after });
  draw(done.label, make("button", { class: "btn", type: "button", click: undo }, "Undo"));
  say(`${done.label}. Undo with Z.`);
}

/** A toast that the server drew after a form: it goes after a while too, and Z knows its act. */
export function adopt() {
  const token = one(".toast [name=token]")?.value;
  const text = one(".toast span").textContent;
  const address = new URL(location.href);
  address.searchParams.delete("undo");
  history.replaceState(history.state, "", address);
  if (token) offer({ label: text, undo: token }, () => location.reload());
  else toast(text);
}

/** Remembers an act that Z takes back, without a toast: opening an entry is not worth a word. */
export function remember(token, after) {
  if (token) undos.push({ token, after });
}

/** An act under way: Z pressed meanwhile waits for it, since it is the one meant. */
export function track(act) {
  running = Promise.allSettled([running, act]);
  return act;
}

/** Takes back the newest act of this page. */
export async function undo() {
  await running;
  const last = undos.pop();
  if (!last) return toast("There is nothing to undo.");
  try {
    const done = await call("POST", "/undo", { token: last.token });
    await last.after?.();
    toast(done.label);
  } catch (error) {
    complain(error);
  }
}

addEventListener("evantr:refused", (event) => complain(event.detail));
