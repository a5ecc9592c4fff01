/** "12 new": only the button changes by itself; the rows come when somebody asks for them. */
import { get, piece } from "./api.js";
import * as counts from "./counts.js";
import { count, fragment, one, sign } from "./dom.js";
import { home } from "./place.js";
import { list, rowOf, rows, select, shiftHead } from "./rows.js";

const page = 50; // what one answer brings; with more than that the list is drawn anew
let fresh = 0;
let asking = false;

function draw(number) {
  const button = one(".fresh", list());
  fresh = number;
  button.hidden = !number;
  button.replaceChildren(...(number ? [sign("top"), `${count(number)} new`] : []));
}

/** After an event: how many came since this list was drawn. */
async function look() {
  if (asking || document.hidden) return;
  asking = true;
  const { scope, asOf } = list().dataset;
  try {
    const { total } = await get(`/entries/fresh?scope=${scope}&since=${asOf}&limit=1&content=false`);
    if (total > fresh) counts.tell(one("h1", list()).textContent, total - fresh);
    if (total !== fresh) draw(total);
    if (total && !rows().length) await fill(); // nothing is being read that could move
  } catch {
    // no connection: the next event, or its return, asks again
  }
  asking = false;
}

/** A list that nobody reads yet gets its first page. */
async function fill() {
  const { scope, show, order } = list().dataset;
  const { as_of: asOf, unread } = await get(`/entries?scope=${scope}&show=${show}&limit=1&content=false`);
  const nodes = fragment(await piece(`/list?scope=${scope}&show=${show}&order=${order}`));
  one(".rows", list()).replaceChildren(nodes);
  list().dataset.asOf = asOf;
  list().dataset.unread = 0;
  shiftHead(unread);
  draw(0);
  dispatchEvent(new CustomEvent("evantr:drawn"));
}

/** Brings the new rows in on top, goes there and focuses the first. */
export async function showFresh() {
  const section = list();
  if (!section || !fresh) return;
  if (fresh > page) return location.assign(home());
  try {
    const nodes = fragment(await piece(`${section.dataset.freshHref}?since=${section.dataset.asOf}`));
    const first = nodes.querySelector(".row");
    if (!first) return draw(0);
    section.dataset.asOf = nodes.firstElementChild.dataset.asOf;
    for (const row of nodes.querySelectorAll(".row")) rowOf(row.dataset.id)?.remove();
    shiftHead(nodes.querySelectorAll(".row.unread").length);
    one(".rows > .empty", section)?.remove();
    const reading = rows().length > 0;
    one(".rows", section).prepend(nodes);
    draw(0);
    if (!reading) return;
    first.scrollIntoView({ block: "center", behavior: "instant" });
    select(first);
  } catch (error) {
    (await import("./toast.js")).complain(error);
  }
}

/** Whether an act of the page before ended after this one was asked for, which may have been drawn without it. */
function overtaken() {
  const asked = performance.timeOrigin + performance.getEntriesByType("navigation")[0].requestStart;
  return Number(localStorage.getItem("evantr.acted")) > asked;
}

export function start(section) {
  if (/^(starred|later)/.test(section.dataset.scope)) {
    addEventListener("evantr:inherited", fill);
    if (overtaken()) fill();
  }
  if (!/^(all|folder|feed)/.test(section.dataset.scope)) return;
  one(".fresh", section)?.addEventListener("click", showFresh);
  for (const name of ["entries", "lost", "differ"]) addEventListener(`evantr:${name}`, look);
  if (!rows().length) look(); // what came between the drawing and the first word of the stream
}
