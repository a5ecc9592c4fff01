/** What each shortcut does, by the name that the server's table gives it. Loaded with the first key pressed. */
import { get } from "./api.js";
import { column, one } from "./dom.js";
import { showFresh } from "./fresh.js";
import { has, markAll, setLater, setRead, setStar } from "./marks.js";
import { close, open, opened } from "./open.js";
import { current, idOf, isUnread, link, list, rowOf, select, step } from "./rows.js";
import { complain, toast, undo } from "./toast.js";

/** The row at hand: while the next entry is on its way, it is already that one. */
const here = () => current() ?? rowOf(opened());
const go = (address) => () => location.assign(address);
const use = (name, what) => async (given) => (await import(`./${name}.js`))[what](given);

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
const reading = () => column(one("article.entry") ?? list() ?? document.body) ?? document.scrollingElement;

function page(by) {
  const box = reading();
  const before = box.scrollTop;
  box.scrollBy({ top: by * box.clientHeight * 0.85, behavior: "instant" });
  if (Math.abs(box.scrollTop - before) < 2) walk(by, open);
}

const onEntry = (does) => () => {
  const id = here() ? idOf(here()) : opened();
  if (id) does(id);
};

/** The original in a new tab; a row that is not open is opened first, since its link is in the entry. */
async function original() {
  const row = here();
  if (row && opened() !== idOf(row)) await open(row);
  one(".entrybar [data-act=original]")?.click();
}

/** How the entry at hand was passed on; its link is in the open entry. */
async function chain() {
  const row = here();
  if (row && opened() !== idOf(row)) await open(row);
  const link = one("article.entry a[href^='/chain/']");
  if (link) location.assign(link.href);
  else toast("Nobody has shared this entry.");
}

/** Next or previous feed that has unread entries, in the order of the sidebar; those in closed folders too. */
async function feed(by) {
  try {
    const side = await get("/sidebar");
    const feeds = [...side.folders.flatMap((folder) => folder.feeds), ...side.feeds];
    const at = feeds.findIndex((one) => `feed/${one.feed_id}` === list()?.dataset.scope);
    const rest = by > 0 ? feeds.slice(at + 1) : feeds.slice(0, at < 0 ? feeds.length : at).reverse();
    const next = rest.find((one) => one.unread);
    if (next) location.assign(`/feed/${next.feed_id}`);
    else toast("No other feed has unread entries.");
  } catch (error) {
    complain(error);
  }
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
  original,
  read: onEntry((id) => setRead(id, isUnread(rowOf(id)))),
  star: onEntry((id) => setStar(id, !has(id, "star"))),
  share: onEntry((id) => use("share", "share")(id)),
  "share-note": onEntry(async (id) => (await import("./share.js")).share(id, { note: true })),
  chain,
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
  "go-people": go("/people"),
  "go-notifications": go("/notifications"),
  "next-feed": () => feed(1),
  "previous-feed": () => feed(-1),
  add: go("/add"),
  search: go("/search"),
  palette: use("palette", "open"),
  sheet: use("sheet", "open"),
  sidebar: use("view", "sidebar"),
  layout: use("view", "layout"),
  density: use("view", "density"),
  move: onFeed(use("feed", "move")),
  rename: onFeed(use("feed", "rename")),
  check: onFeed(use("feed", "check")),
  unsubscribe: onFeed(use("feed", "unsubscribe")),
  health: onFeed((id) => location.assign(`/feed/${id}/health`)),
  escape,
};
