/** What each shortcut does, by the name that the server's table gives it. Loaded with the first key pressed. */
import { all, one, root } from "./dom.js";
import { showFresh } from "./list.js";
import { has, markAll, setLater, setRead, setStar } from "./marks.js";
import { close, open, opened } from "./open.js";
import { current, idOf, isUnread, link, list, rowOf, select, step } from "./rows.js";
import { toast, undo } from "./toast.js";

const here = () => rowOf(opened()) ?? current();
const go = (address) => () => location.assign(address);
const use = (name, what) => async (event) => (await import(`./${name}.js`))[what](event);

/** The row a walk starts from, and the next one; without any the list says so. */
function walk(by, then, fits) {
  const row = step(here(), by, fits);
  if (row) then(row);
}

function openOrClose(event) {
  const row = current();
  if (row && opened() === idOf(row)) close();
  else if (row) open(row, { focus: event.key === "Enter" ? "title" : "row" });
}

/** The box that scrolls under the person's eyes. */
function reading() {
  const pane = one(".pane");
  return pane && getComputedStyle(pane).overflowY === "auto" ? pane : document.scrollingElement;
}

function page(by) {
  const box = reading();
  const before = box.scrollTop;
  box.scrollBy({ top: by * box.clientHeight * 0.85, behavior: "instant" });
  if (Math.abs(box.scrollTop - before) < 2) walk(by, open);
}

const onEntry = (does) => () => {
  const id = opened() || (here() && idOf(here()));
  if (id) does(id);
};

/** Next or previous feed of the sidebar that has unread entries. */
function feed(by) {
  const links = all(".side [data-feed-row]");
  let at = links.findIndex((one) => one.hasAttribute("aria-current"));
  at = at < 0 && by < 0 ? links.length : at;
  do at += by; while (links[at] && !links[at].classList.contains("has"));
  if (links[at]) location.assign(links[at].href);
}

/** Health, check, move, rename: the feed of the list, else that of the entry at hand. */
export function feedAtHand() {
  const [kind, id] = (list()?.dataset.scope ?? "").split("/");
  if (kind === "feed") return Number(id);
  return Number(here()?.dataset.feed || one("[data-feed-page]")?.dataset.feedPage || 0);
}

const onFeed = (does) => () => {
  const id = feedAtHand();
  if (id) does(id);
  else toast("Choose a feed or an entry first.");
};

function escape() {
  if (!close()) select(null);
}

export const commands = {
  next: () => walk(1, open),
  previous: () => walk(-1, open),
  down: () => walk(1, select),
  up: () => walk(-1, select),
  open: openOrClose,
  "page-down": () => page(1),
  "page-up": () => page(-1),
  "next-unread": () => walk(1, open, isUnread),
  original: onEntry((id) => one(`article[data-entry="${id}"] .title a`)?.click()),
  read: onEntry((id) => setRead(id, isUnread(rowOf(id)))),
  star: onEntry((id) => setStar(id, !has(id, "star"))),
  later: onEntry((id) => setLater(id, !has(id, "later"))),
  "mark-all": () => markAll(),
  "mark-below": () => here() && markAll({ after_entry: idOf(here()) }),
  "mark-above": () => here() && markAll({ before_entry: idOf(here()) }),
  undo,
  fresh: showFresh,
  "go-all": go("/"),
  "go-starred": go("/starred"),
  "go-later": go("/later"),
  "go-folders": go("/folders"),
  "next-feed": () => feed(1),
  "previous-feed": () => feed(-1),
  add: go("/add"),
  search: go("/search"),
  health: onFeed((id) => location.assign(`/feed/${id}/health`)),
  escape,
};
