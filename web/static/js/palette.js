/** Ctrl K: any feed, folder or act by a few letters of its name. Enter goes there, shift and Enter marks it read. */
import { call, get } from "./api.js";
import { chooser, fits } from "./chooser.js";
import { dialog } from "./dialog.js";
import { all, count, make, one } from "./dom.js";
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

const place = (text, href, scope, unread) => ({
  text,
  end: unread ? count(unread) : "",
  weight: 1,
  run: (event) => (event.shiftKey && scope ? markRead(scope) : location.assign(href)),
});

/** The lists of the sidebar, folders and feeds; those in closed folders too. */
async function places() {
  const side = await get("/sidebar");
  const feeds = [...side.folders.flatMap((folder) => folder.feeds), ...side.feeds];
  return [
    ...all(".side [data-scope]:not([data-feed-row], [data-folder-row])").map((link) =>
      place(one(".label", link).textContent, link.href, link.dataset.countOf === "all" ? "all" : "", Number(link.dataset.count || 0))),
    ...side.folders.map((folder) => place(folder.title, `/folder/${folder.id}`, `folder/${folder.id}`, folder.unread)),
    ...feeds.map((feed) => place(feed.title, `/feed/${feed.feed_id}`, `feed/${feed.feed_id}`, feed.unread)),
  ];
}

function doings() {
  return acts().map((row) => ({
    text: row.label,
    end: row.keys[0],
    weight: 0,
    run: async (event) => (await import("./commands.js")).commands[row.act]?.(event),
  }));
}

export async function open() {
  if (document.querySelector("dialog[open]")) return;
  const every = doings();
  const choices = (words) => every
    .map((choice) => ({ ...choice, fit: fits(choice.text, words) * 2 + choice.weight }))
    .filter((choice) => choice.fit > 1)
    .sort((a, b) => b.fit - a.fit);
  const [field, list] = chooser({ label: "Go to a feed, a folder or an act", choices });
  dialog("Go to", { class: "palette" }, make("div", { class: "chooser" }, field, list));
  field.focus();
  try {
    every.unshift(...await places());
    field.dispatchEvent(new Event("input"));
  } catch (error) {
    complain(error);
  }
}
