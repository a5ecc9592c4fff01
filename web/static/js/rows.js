/** The rows of the list on the page: finding them, walking over them, and drawing what they say. */
import { all, make, one, sign, count } from "./dom.js";

export const list = () => one("section.list");
export const rows = () => all(".rows > .row", list() ?? document);
export const rowOf = (id) => document.getElementById(`e${id}`);
export const idOf = (row) => Number(row.dataset.id);
export const link = (row) => one("h2 a", row);
export const isUnread = (row) => row.classList.contains("unread");

/** The row that is open, else the one with the focus, else the one last gone to. */
export function current() {
  return document.activeElement?.closest?.(".rows > .row") ?? one(".rows > .row[aria-current]") ?? null;
}

/** The row `by` places after `row`; without a row the first of all. */
export function step(row, by, fits = () => true) {
  const every = rows();
  let at = row ? every.indexOf(row) + by : by > 0 ? 0 : -1;
  while (every[at] && !fits(every[at])) at += by;
  return every[at] ?? null;
}

/** Makes a row the selected one, brings it into view without moving more than it must, and focuses its link. */
export function select(row, { focus = true } = {}) {
  for (const other of all(".rows > .row[aria-current]")) if (other !== row) other.removeAttribute("aria-current");
  if (!row) return;
  row.setAttribute("aria-current", "true");
  if (focus) {
    link(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

/** Text for screen readers in front of a title; the dot and the weight are for the eyes. */
function paintUnread(row, on) {
  // A lighter title may need a line less; the row keeps its height, so that nothing below it moves.
  if (!on && row.classList.contains("unread")) row.dataset.lines = Math.round(one("h2", row).offsetHeight / 20);
  row.classList.toggle("unread", on);
  const word = one("h2 > .vh", row);
  if (on && !word) one("h2", row).prepend(make("span", { class: "vh" }, "Unread: "));
  if (!on) word?.remove();
}

function paintStar(row, on) {
  row.classList.toggle("starred", on);
  const old = one(".end .star", row);
  if (!on) return old?.remove();
  if (!old) one(".end", row).prepend(make("span", { class: "star" }, sign("star", "i s on"), make("span", { class: "vh" }, "Starred")));
}

/** Buttons of the row and of the open entry that show a state. */
function press(id, act, on) {
  for (const button of all(`[data-entry="${id}"] [data-act="${act}"], [data-id="${id}"] [data-act="${act}"]`)) {
    button.setAttribute("aria-pressed", String(on));
  }
}

/** Draws a state of an entry wherever it shows. @param {{read?: boolean, starred?: boolean, later?: boolean}} state */
export function paint(id, state) {
  const row = rowOf(id);
  if ("read" in state) {
    if (row) paintUnread(row, !state.read);
    press(id, "keep", !state.read);
    press(id, "read", !state.read);
  }
  if ("starred" in state) {
    if (row) paintStar(row, state.starred);
    press(id, "star", state.starred);
  }
  if ("later" in state) {
    row?.classList.toggle("later", state.later);
    press(id, "later", state.later);
  }
}

/** The number in the bar: what this list holds, until it is drawn again. */
export function shiftHead(by) {
  const section = list();
  const line = section && one(".head .count", section);
  if (!line || !by) return;
  const left = Math.max(0, Number(section.dataset.unread) + by);
  section.dataset.unread = left;
  line.textContent = left ? `${count(left)} unread` : "Nothing unread";
}
