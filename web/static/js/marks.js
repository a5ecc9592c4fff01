/** Acts on entries: shown within the frame, confirmed by the server, taken back with a word where it refuses. */
import { call } from "./api.js";
import * as counts from "./counts.js";
import { act } from "./queue.js";
import { idOf, isUnread, list, paint, rowOf, rows, shiftHead } from "./rows.js";
import { complain, offer, remember, toast, track } from "./toast.js";

/** Read or unread as the page shows it, null for an entry that is not in the list. */
const isRead = (id) => (rowOf(id) ? !isUnread(rowOf(id)) : null);

function showRead(id, read) {
  const row = rowOf(id);
  if (row && isRead(id) !== read) {
    counts.bump(Number(row.dataset.feed), read ? -1 : 1);
    shiftHead(read ? -1 : 1);
  }
  paint(id, { read });
}

/** One act: drawn, sent, and drawn back if it is refused. */
async function decide(draw, back, request, quiet) {
  draw();
  try {
    const done = await track(act(request));
    if (quiet) remember(done?.undo, back);
    else if (done) offer(done, back);
  } catch (error) {
    back();
    complain(error);
  }
}

/** @param {number} id @param {boolean} read @param {boolean} [quiet] no toast: opening is not worth a word */
export function setRead(id, read, quiet = true) {
  if (isRead(id) === read) return;
  return decide(() => showRead(id, read), () => showRead(id, !read),
    { key: `read/${id}`, method: "POST", path: "/entries/mark", body: { ids: [id], read } }, quiet);
}

/** Rows that were scrolled past, in one act. */
export function readPast(ids) {
  const fresh = ids.filter((id) => isRead(id) === false);
  const show = (read) => fresh.forEach((id) => showRead(id, read));
  if (!fresh.length) return null;
  return decide(() => show(true), () => show(false),
    { key: `past/${fresh.join()}`, method: "POST", path: "/entries/mark", body: { ids: fresh, read: true } }, true);
}

const flag = (kind, name) => (id, on) => decide(
  () => paint(id, { [name]: on }), () => paint(id, { [name]: !on }),
  { key: `${kind}/${id}`, method: on ? "PUT" : "DELETE", path: `/entries/${id}/${kind}` });

export const setStar = flag("star", "starred");
export const setLater = flag("later", "later");

/** Whether a row or an open entry is starred or kept for later, as its buttons say. */
export function has(id, act) {
  const row = rowOf(id);
  if (row) return row.classList.contains(act === "star" ? "starred" : "later");
  return document.querySelector(`[data-entry="${id}"] [data-act="${act}"]`)?.getAttribute("aria-pressed") === "true";
}

/** Rows that a mark-all would touch, as far as they are on the page. */
function touched({ after_entry: below, before_entry: above, older_than: older }) {
  const every = rows();
  const from = below ? every.indexOf(rowOf(below)) + 1 : 0;
  const to = above ? every.indexOf(rowOf(above)) : every.length;
  const limit = older ? Date.now() / 1000 - older : Infinity;
  return every.slice(from, to).filter((row) => isUnread(row) && Number(row.dataset.at || 0) < limit);
}

/**
 * Marks the list as read, as it was drawn. @param {{older_than?: number, after_entry?: number, before_entry?: number}} limits
 */
export async function markAll(limits = {}) {
  const { scope, asOf } = list().dataset;
  const ids = touched(limits).map(idOf);
  for (const id of ids) showRead(id, true);
  try {
    const done = await track(call("POST", "/mark-all", { scope, as_of: Number(asOf), ...limits }, { keepalive: true }));
    if (!done.changed) return toast("Nothing here was unread.");
    offer(done, () => ids.forEach((id) => showRead(id, false)));
  } catch (error) {
    for (const id of ids) showRead(id, false);
    complain(error);
  }
}
