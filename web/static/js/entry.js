/** The buttons of a row's plate and of the open entry's bar. */
import { one } from "./dom.js";
import { isUnread, rowOf, step } from "./rows.js";
import { has, setLater, setRead, setStar } from "./marks.js";
import { open, opened } from "./open.js";

const unread = (id, button) => (rowOf(id) ? isUnread(rowOf(id)) : button.getAttribute("aria-pressed") === "true");

/** Previous or next row, opened; where the open entry is not in the list, the button's own link. */
function go(by, button) {
  const here = one(".rows > .row[aria-current]") ?? rowOf(opened());
  const row = here && step(here, by);
  if (row) open(row);
  else if (!here && button.href) location.assign(button.href);
}

/** @param {HTMLElement} button with data-act or data-command @param {number} id of its entry */
export async function press(button, id) {
  switch (button.dataset.act ?? button.dataset.command) {
    case "read": return setRead(id, unread(id, button), false);
    case "keep": return setRead(id, unread(id, button), false);
    case "star": return setStar(id, !has(id, "star"));
    case "share": return (await import("./share.js")).share(id);
    case "later": return setLater(id, !has(id, "later"));
    case "next": return go(1, button);
    case "previous": return go(-1, button);
    default: throw new Error(`no act ${button.dataset.act}`);
  }
}
