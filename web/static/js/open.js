/** Opening an entry: beside the list or in its place, from a fragment that the server drew. */
import { piece } from "./api.js";
import { bind } from "./main.js";
import { fragment, make, one, root, sign, wide } from "./dom.js";
import { setRead } from "./marks.js";
import * as place from "./place.js";
import { reach } from "./reach.js";
import { idOf, link, rowOf, select, step } from "./rows.js";
import { complain } from "./toast.js";

const rest = 80; // ms that a pointer or key rests on a row before its entry is fetched
const slow = 300; // ms after which an article's skeleton shows
const fetched = new Map();
let wanted = 0;
let resting = 0;

export const beside = () => wide.matches && root.dataset.layout === "beside" && Boolean(one(".pane"));
export const opened = () => Number(one("article.entry")?.dataset.entry || 0);

/** The entry's markup, fetched once; a failure is forgotten, so that the next try asks again. */
function markup(id) {
  if (!fetched.has(id)) {
    const answer = piece(link(rowOf(id)).href);
    answer.catch(() => fetched.delete(id));
    fetched.set(id, answer);
    if (fetched.size > 30) fetched.delete(fetched.keys().next().value);
  }
  return fetched.get(id);
}

/** Fetches what a pointer or the keyboard rests on. */
export function rested(row) {
  clearTimeout(resting);
  if (row) resting = setTimeout(() => ahead(row), rest);
}

function ahead(row) {
  if (row) markup(idOf(row)).catch(() => undefined); // it was only a guess; opening will say what is wrong
}

function mountBeside(nodes) {
  const pane = one(".pane");
  pane.replaceChildren(nodes);
  pane.scrollTop = 0;
  return pane;
}

/** In place the head of the new entry goes to the top of the list in the frame in which the old one closes. */
function mountInPlace(nodes, row) {
  closeInPlace();
  const spot = make("li", { class: "opened", id: "opened" });
  spot.append(nodes);
  row.after(spot);
  link(row).setAttribute("aria-expanded", "true");
  row.scrollIntoView({ block: "start", behavior: "instant" });
  return spot;
}

function closeInPlace() {
  const spot = one(".rows > .opened");
  if (!spot) return;
  link(spot.previousElementSibling).removeAttribute("aria-expanded");
  spot.remove();
}

/**
 * @param {Element} row
 * @param {{focus?: "row"|"title", push?: boolean}} [how] `push`: a new address for Back
 */
export async function open(row, { focus = "row", push = true } = {}) {
  const id = (wanted = idOf(row));
  select(row, { focus: focus === "row" });
  if (root.dataset.marking !== "never") setRead(id, true); // before the text is there: J past it counts as well
  const pane = one(".pane");
  const waiting = beside() && setTimeout(() => pane.classList.add("waiting"), slow);
  try {
    const html = await markup(id);
    if (wanted !== id) return;
    mount(fragment(html), row, focus);
    if (push) place.opened(id, link(row).href);
    ahead(step(row, 1));
  } catch (error) {
    complain(error);
  } finally {
    clearTimeout(waiting);
    if (wanted === id) pane?.classList.remove("waiting");
  }
}

/** On phones the bar gets an arrow back while an entry is open; the server draws it on an entry's own page. */
function arrow() {
  const bar = one(".list > .bar");
  if (one(".back", bar)) return;
  bar.prepend(make("a", { class: "ib back", href: place.home(), "aria-label": "Back to the list", title: "Back to the list" },
    sign("back", "i")));
}

function mount(nodes, row, focus) {
  arrow();
  const spot = beside() ? mountBeside(nodes) : mountInPlace(nodes, row);
  root.dataset.open = "";
  bind(spot);
  reach(spot);
  if (focus === "title") one(".title", spot).focus({ preventScroll: beside() });
}

/** Closes what is open and gives the focus back to its row. */
export function close({ push = true, focus = true } = {}) {
  const id = opened();
  if (!id) return false;
  wanted = 0;
  const row = rowOf(id);
  closeInPlace();
  const pane = one(".pane");
  if (pane) pane.replaceChildren(make("p", { class: "none" }, "Choose an entry, or press J"));
  delete root.dataset.open;
  if (push) place.closed();
  if (row && focus) select(row);
  return true;
}

/** Mounts the open entry again, after the layout or the width of the window changed. */
export function remount() {
  const id = opened();
  if (!id || !rowOf(id)) return;
  const article = one("article.entry").parentElement;
  const nodes = document.createDocumentFragment();
  nodes.append(...article.childNodes);
  closeInPlace();
  mount(nodes, rowOf(id), "row");
}

wide.addEventListener("change", remount);
addEventListener("evantr:stale", () => fetched.clear()); // somebody said or shared something
