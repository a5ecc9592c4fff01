/** Ctrl K: any feed, folder or act by a few letters of its name. Enter goes there, shift and Enter marks it read. */
import { call } from "./api.js";
import { chooser, fits } from "./chooser.js";
import { dialog } from "./dialog.js";
import { all, make, one } from "./dom.js";
import { complain, offer } from "./toast.js";

const acts = () => JSON.parse(one("#keys-table")?.textContent ?? "[]").filter((row) => row.act !== "palette");

/** Marks a feed or folder as read, as of now: its list is not on the screen. */
async function markRead(scope) {
  try {
    const { as_of } = await call("GET", `/entries?scope=${scope}&limit=1`);
    offer(await call("POST", "/mark-all", { scope, as_of }));
  } catch (error) {
    complain(error);
  }
}

function places() {
  return all(".side a.nav").map((link) => ({
    text: one(".label", link).textContent,
    end: one(".count", link)?.firstChild?.textContent ?? "",
    weight: 1,
    run: (event) => (event.shiftKey && link.dataset.scope ? markRead(link.dataset.scope) : location.assign(link.href)),
  }));
}

function doings() {
  return acts().map((row) => ({
    text: row.label,
    end: row.keys[0],
    weight: 0,
    run: async (event) => (await import("./commands.js")).commands[row.act]?.(event),
  }));
}

export function open() {
  const every = [...places(), ...doings()];
  const choices = (words) => every
    .map((choice) => ({ ...choice, fit: fits(choice.text, words) * 2 + choice.weight }))
    .filter((choice) => choice.fit > 1)
    .sort((a, b) => b.fit - a.fit);
  const [field, list] = chooser({ label: "Go to a feed, a folder or an act", choices });
  dialog("Go to", { class: "palette" }, make("div", { class: "chooser" }, field, list));
  field.focus();
}
