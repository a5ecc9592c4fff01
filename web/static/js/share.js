/**
 * Shares the entry at hand: shown at once, confirmed by the server, taken back with a word where it refuses. A small
 * card then offers a note, the stream and "Take back"; the server draws it, for this and for pages without script.
 */
import { call, piece } from "./api.js";
import { fragment, make, one, sign } from "./dom.js";
import { bind } from "./main.js";
import { act } from "./queue.js";
import { rowOf } from "./rows.js";
import { complain, offer, track } from "./toast.js";

const bar = (id) => one(`.entrybar[data-entry="${id}"]`);

/** The sign in the row, the plate's button, the button of the open entry. */
export function paint(id, on) {
  const row = rowOf(id);
  if (row) {
    row.classList.toggle("shared", on);
    one(".acts .share", row)?.setAttribute("aria-pressed", String(on));
    const old = one(".end .mine", row);
    if (!on) old?.remove();
    else if (!old) one(".end", row).prepend(make("span", { class: "mine" }, sign("share"), make("span", { class: "vh" }, "Shared by you")));
  }
  const button = bar(id) && one(".sharing [data-act=share]", bar(id));
  if (button && on) button.replaceChildren(sign("check"), "Shared");
}

/** The button of the bar, or the card alone over the page, as the server has it now. */
export async function redraw(id, { opened = false } = {}) {
  const back = one(".entrybar [name=back]")?.value ?? location.pathname + location.search;
  const drawn = fragment(await piece(`/sharing/${id}?back=${encodeURIComponent(back)}${opened ? "&opened=1" : ""}`));
  const spot = bar(id) && one(".sharing", bar(id));
  one(".composer.over")?.remove();
  if (spot) {
    const fresh = drawn.firstElementChild;
    spot.replaceWith(fresh);
    await bind(fresh);
    return fresh;
  }
  const card = opened && one(".composer", drawn);
  if (!card) return null;
  card.classList.add("over");
  Object.assign(card.dataset, one(".sharing", drawn)?.dataset ?? {});
  document.body.append(card);
  await bind(card);
  return card;
}

const shared = (id) => rowOf(id)?.classList.contains("shared") || Boolean(bar(id) && one("details.sharing", bar(id)));

/** @param {number} id of the entry @param {{note?: boolean}} [how] `note`: go on to the note */
export async function share(id, { note = false } = {}) {
  try {
    if (!shared(id)) {
      paint(id, true);
      const done = await track(act({ key: `share/${id}`, method: "POST", path: "/shares", body: { entry_id: id } }));
      if (!done) return; // it waits for a connection
      offer(done, () => { paint(id, false); return redraw(id); });
    }
    const card = await redraw(id, { opened: true });
    if (note) one("textarea", card)?.focus();
  } catch (error) {
    paint(id, false);
    complain(error);
  }
}

/** Takes a share back. @param {number} shareId @param {number} entryId */
export async function unshare(shareId, entryId) {
  paint(entryId, false);
  try {
    offer(await track(call("DELETE", `/shares/${shareId}`)), () => { paint(entryId, true); return redraw(entryId); });
    await redraw(entryId);
  } catch (error) {
    paint(entryId, true);
    complain(error);
  }
}
