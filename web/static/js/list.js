/** The list: rows that open, pages that come before they are needed, and the button for what is new. */
import { get, piece } from "./api.js";
import * as counts from "./counts.js";
import { all, count, fragment, make, one, say, sign } from "./dom.js";
import { has, markAll, setLater, setRead, setStar } from "./marks.js";
import { close, open, opened, rested } from "./open.js";
import * as place from "./place.js";
import { idOf, isUnread, link, list, paint, rowOf, rows, select } from "./rows.js";
import { complain } from "./toast.js";

const near = 1200; // px from the end at which the next page is fetched
let fresh = 0;

/** A click anywhere in a row is a click on its link, unless a person wants a new tab or selects text. */
function clicked(event) {
  const row = event.target.closest(".row");
  if (!row || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const button = event.target.closest("[data-act]");
  if (button) return act(row, button.dataset.act, event);
  if (!event.target.closest("h2 a")) return;
  event.preventDefault();
  if (opened() === idOf(row)) close();
  else open(row, { focus: event.detail ? "row" : "title" });
}

/** The plate of actions over a row. */
function act(row, name, event) {
  const id = idOf(row);
  const does = {
    read: () => setRead(id, isUnread(row)),
    star: () => setStar(id, !has(id, "star")),
    later: () => setLater(id, !has(id, "later")),
  }[name];
  if (!does) return;
  event.preventDefault();
  does();
}

/** Fetches the next page when the end is near; the link "Older entries" is what does it without script. */
function pager(section) {
  const watcher = new IntersectionObserver(async ([seen]) => {
    if (!seen.isIntersecting) return;
    const older = one(".older", section);
    watcher.disconnect();
    if (!older) return;
    older.setAttribute("aria-busy", "true");
    try {
      older.replaceWith(fragment(await piece(older.href)));
      watch();
    } catch (error) {
      older.removeAttribute("aria-busy");
      complain(error);
    }
  }, { rootMargin: `0px 0px ${near}px 0px` });
  const watch = () => { const older = one(".older", section); if (older) watcher.observe(older); };
  watch();
}

/** "12 new": only the button changes; the rows come when it is pressed. */
function announce(number) {
  fresh = number;
  const button = one(".fresh", list());
  button.hidden = !number;
  button.replaceChildren(sign("top"), `${count(number)} new`);
}

async function arrived({ detail }) {
  const { scope, asOf } = list().dataset;
  try {
    const page = await get(`/entries/fresh?scope=${scope}&since=${asOf}&limit=1`);
    if (page.fresh > fresh) counts.tell(one("h1", list()).textContent, page.fresh - fresh);
    announce(page.fresh);
  } catch {
    // No connection: the next event, or the return of the connection, asks again.
  }
}

/** Brings the new rows in on top and goes there: somebody asked for it. */
export async function showFresh() {
  const section = list();
  if (!section || !fresh) return;
  try {
    const nodes = fragment(await piece(`${section.dataset.freshHref}?since=${section.dataset.asOf}`));
    const first = nodes.querySelector(".row");
    section.dataset.asOf = nodes.firstElementChild.dataset.asOf;
    one(".rows", section).prepend(nodes);
    announce(0);
    one(".rows", section).scrollIntoView({ block: "start" });
    select(first);
  } catch (error) {
    complain(error);
  }
}

function flagged({ detail: { entry_id: id, kind, on } }) {
  paint(id, { [kind === "starred" ? "starred" : "later"]: on });
}

export function start(section) {
  section.addEventListener("click", clicked);
  section.addEventListener("pointerover", (event) => rested(event.target.closest(".row")));
  section.addEventListener("focusin", (event) => rested(event.target.closest(".row")));
  one(".fresh", section)?.addEventListener("click", showFresh);
  addEventListener("evantr:entries", arrived);
  addEventListener("evantr:lost", arrived);
  addEventListener("evantr:flag", flagged);
  pager(section);
  place.start((id) => {
    const row = id && rowOf(id);
    if (row) open(row, { push: false });
    else close({ push: false });
  });
}
