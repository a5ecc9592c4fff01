/**
 * The list: rows that open, pages that come before they are needed, the button for what is new. Only this much is
 * there at the first paint; what a press needs comes with the first press, or a moment before it.
 */
import { one, root } from "./dom.js";
import { idOf, paint, rowOf } from "./rows.js";

const opener = () => import("./open.js");
const marks = () => import("./marks.js");

/** Whether a press is ours: not one for a new tab or window. */
const plain = (event) => !(event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

async function pressed(event) {
  if (!plain(event)) return;
  const button = event.target.closest("[data-act], [data-command]");
  const row = event.target.closest(".row");
  const id = Number((row ?? event.target.closest("[data-entry]"))?.dataset[row ? "id" : "entry"] ?? 0);
  if (button && id && button.dataset.act !== "original") {
    event.preventDefault();
    return (await import("./entry.js")).press(button, id);
  }
  const frame = event.target.closest("figure.embed a");
  if (frame) {
    event.preventDefault();
    return (await import("./embed.js")).load(frame.closest("figure"));
  }
  if (event.target.closest(".back") && "open" in root.dataset) {
    event.preventDefault();
    return (await opener()).close();
  }
  if (row && event.target.closest("h2 a")) turn(row, event);
}

/** A press on a title opens its entry, or closes it; from the keyboard the focus goes to the entry's title. */
async function turn(row, event) {
  event.preventDefault();
  const focus = event.detail ? "row" : "title";
  const { close, open, opened } = await opener();
  if (opened() === idOf(row)) close();
  else open(row, { focus });
}

async function submitted(event) {
  const form = event.target.closest("form[data-mark]");
  if (!form) return;
  event.preventDefault();
  const data = new FormData(form);
  const limits = Object.fromEntries(["older_than", "after_entry", "before_entry"]
    .filter((name) => data.get(name)).map((name) => [name, Number(data.get(name))]));
  form.closest("details")?.removeAttribute("open");
  (await marks()).markAll(limits);
}

async function rest(event) {
  const row = event.target.closest?.(".row");
  (await opener()).rested(row);
}

function flagged({ detail: { entry_id: id, kind, on } }) {
  paint(id, { [kind]: on });
}

/** Marks made on another device: drawn on the rows that are here, without moving any. */
async function differ() {
  (await import("./sync.js")).sync();
}

async function begin() {
  const { start } = await import("./place.js");
  start(async (id) => {
    const { close, open } = await opener();
    const row = id && rowOf(id);
    if (row) open(row, { push: false });
    else close({ push: false });
  });
  if (one("article.entry")) (await import("./reach.js")).reach(document);
  const more = [...(root.dataset.marking === "scroll" ? ["passing"] : []), ...(matchMedia("(pointer: coarse)").matches ? ["swipe"] : [])];
  for (const name of ["paging", "fresh", ...more]) (await import(`./${name}.js`)).start(one("section.list"));
}

export function start(section) {
  const main = section.closest("main");
  main.addEventListener("click", pressed);
  main.addEventListener("submit", submitted);
  section.addEventListener("pointerover", rest);
  section.addEventListener("focusin", rest);
  addEventListener("evantr:flag", flagged);
  addEventListener("evantr:differ", differ);
  return begin();
}
