/** The buttons of a row's plate and of the open entry's bar. */
import { isUnread, rowOf, step } from "./rows.js";
import { has, setLater, setRead, setStar } from "./marks.js";
import { open, opened } from "./open.js";

const unread = (id, button) => (rowOf(id) ? isUnread(rowOf(id)) : button.getAttribute("aria-pressed") === "true");

/** Previous or next row, opened. */
function go(by) {
  const row = step(rowOf(opened()), by);
  if (row) open(row);
}

/** @param {HTMLElement} button with data-act or data-command @param {number} id of its entry */
export function press(button, id) {
  switch (button.dataset.act ?? button.dataset.command) {
    case "read": return setRead(id, unread(id, button), false);
    case "keep": return setRead(id, unread(id, button), false);
    case "star": return setStar(id, !has(id, "star"));
    case "later": return setLater(id, !has(id, "later"));
    case "next": return go(1);
    case "previous": return go(-1);
    default: throw new Error(`no act ${button.dataset.act}`);
  }
}
