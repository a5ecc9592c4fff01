/**
 * Back restores a list as it was left: its rows, its place, its open entry. The rows are kept for the tab's
 * lifetime under a key in `history.state`; a list drawn anew would have moved what was read below the line.
 */
import { column, fragment, one } from "./dom.js";
import { list } from "./rows.js";

const kept = "evantr.list.";
const most = 8;

const scroller = () => column(list()) ?? document.scrollingElement;
const state = () => history.state ?? {};

/** An entry was opened: its address goes on top of the list's, or takes the place of the entry before it. */
export function opened(id, href) {
  const next = { key: state().key, home: home(), open: id };
  if (location.pathname.startsWith("/entry/")) history.replaceState(next, "", href);
  else history.pushState(next, "", href);
}

/** The list's own address, also while an entry of it is open. */
export const home = () => state().home ?? one(".back", list())?.href ?? location.href;

/** An entry was closed by hand: the list's own address again. */
export function closed() {
  history.replaceState({ key: state().key }, "", home());
}

function drop() {
  const keys = Object.keys(sessionStorage).filter((name) => name.startsWith(kept)).sort();
  for (const name of keys.slice(0, -most)) sessionStorage.removeItem(name);
}

function leave() {
  const section = list();
  if (!section) return;
  const key = state().key ?? String(Date.now());
  history.replaceState({ ...state(), key }, "");
  const copy = one(".rows", section).cloneNode(true);
  copy.querySelector(".opened")?.remove();
  const what = { html: copy.innerHTML, data: { ...section.dataset }, top: scroller().scrollTop };
  try {
    sessionStorage.setItem(kept + key, JSON.stringify(what));
    drop();
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error; // a list too long to keep is drawn anew
  }
}

/** @returns {boolean} whether the list is again as it was left */
function restore() {
  const [entry] = performance.getEntriesByType("navigation");
  const text = entry?.type === "back_forward" && state().key && sessionStorage.getItem(kept + state().key);
  if (!text || !list()) return false;
  const { html, data, top } = JSON.parse(text);
  if (data.scope !== list().dataset.scope) return false;
  Object.assign(list().dataset, data);
  one(".rows").replaceChildren(fragment(html));
  scroller().scrollTop = top;
  return true;
}

/** @param {(id: number|undefined) => void} show opens that entry, or closes what is open */
export function start(show) {
  history.scrollRestoration = "manual";
  const again = restore();
  if (again && state().open) show(state().open);
  addEventListener("popstate", () => show(state().open));
  addEventListener("pagehide", leave);
}
