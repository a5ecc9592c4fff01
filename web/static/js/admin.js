/**
 * Keeps pages of administrators fresh: asks for the page anew while somebody looks, and puts in what changed. Figures
 * change where they stand; lists would push away what is being read, so they offer a button instead.
 */
import { piece } from "./api.js";
import { connected } from "./counts.js";
import { all, fragment, make, one, say } from "./dom.js";

const pause = 2000;
const minute = 60_000; // plots are drawn anew once in it
const light = { "X-Fragment": "1" };
const whole = { "X-Fragment": "0" };
let contact = new Date();
let wholeAt = performance.now();
let held = false;
let waiting = null; // the page as it would be, for lists that wait to be shown

const twin = (element, page) => one(`#${CSS.escape(element.id)}`, page);
const busy = (element) => element.contains(document.activeElement) || one("details[open]", element);

function put(element, fresh) {
  if (element.outerHTML !== fresh.outerHTML) element.replaceWith(document.importNode(fresh, true));
}

/** A list that differs waits for its button; the button's place is kept free. */
function offer(element, fresh) {
  const button = one(`[data-show=${element.id}]`);
  const differs = element.innerHTML !== fresh.innerHTML;
  if (!differs || button) return;
  const heading = one(`[data-heading=${element.id}]`);
  heading?.append(make("button", { class: "fresh", type: "button", "data-show": element.id, click: show }, "Show the newest"));
}

function show({ currentTarget }) {
  const element = document.getElementById(currentTarget.dataset.show);
  currentTarget.remove();
  const fresh = waiting && twin(element, waiting);
  if (!fresh) return;
  element.replaceWith(document.importNode(fresh, true));
  say("The list is up to date.");
}

function draw(page, withPlots) {
  waiting = page;
  for (const element of all("[data-live]")) {
    const fresh = element.isConnected && twin(element, page);
    if (!fresh) continue;
    if (element.dataset.live === "ask") offer(element, fresh);
    else if ((element.dataset.live !== "minute" || withPlots) && !busy(element)) put(element, fresh);
  }
}

function word(text) {
  for (const spot of all("[data-live-word]")) if (spot.textContent !== text) spot.textContent = text;
}

async function look() {
  const plots = performance.now() - wholeAt > minute;
  const page = fragment(await piece(location.href, { headers: plots ? whole : light }));
  if (plots) wholeAt = performance.now();
  contact = new Date();
  connected(true);
  word("live");
  if (!held) draw(page, plots);
}

async function run() {
  if (!document.hidden) {
    try {
      await look();
    } catch {
      word("");
      connected(false, contact); // the column's foot says it; the next round tries again
    }
  }
  setTimeout(run, pause);
}

/** Opens or closes the settings of a queue without leaving the page. */
async function toggle(event) {
  const link = event.target.closest("[data-open]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    const page = fragment(await piece(link.href, { headers: whole }));
    one("table.q").replaceWith(document.importNode(one("table.q", page), true));
    history.replaceState(history.state, "", link.href.split("#")[0]);
    const name = link.dataset.open;
    (one(`#set-${CSS.escape(name)} input:not([type=hidden])`) ?? one(`[data-open="${CSS.escape(name)}"]`)).focus();
  } catch {
    location.assign(link.href);
  }
}

export function start(body) {
  word("live");
  body.addEventListener("click", toggle);
  addEventListener("pointerdown", () => { held = true; }, { passive: true });
  for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, () => { held = false; }, { passive: true });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look().catch(() => word("")); });
  setTimeout(run, pause);
}
