/** Acts on one feed by dialog or at once: move, rename, unsubscribe, check now. */
import { call } from "./api.js";
import { chooser, fits } from "./chooser.js";
import { dialog } from "./dialog.js";
import { make, one } from "./dom.js";
import { feedItem, folders, moveFeed, reachFeed, redraw } from "./shelf.js";
import { complain, offer, toast, track } from "./toast.js";

const name = (id) => (feedItem(id) ? one(".label", feedItem(id)).textContent : "the feed");

/** The feed's row in the sidebar; null, and a word why, for a feed that is not read any more. */
async function near(id) {
  try {
    const item = await reachFeed(id);
    if (!item) toast("You do not subscribe to this feed.");
    return item;
  } catch (error) {
    complain(error);
    return null;
  }
}

async function intoNew(id, title) {
  try {
    offer(await track(call("PATCH", `/subscriptions/${id}`, { new_folder: title })), redraw);
    await redraw();
  } catch (error) {
    complain(error);
  }
}

/** Where a feed can go, best first; a name that no folder has makes a new one. */
function targets(id, words) {
  const there = [{ title: "No folder", id: null }, ...folders()].filter((folder) => fits(folder.title, words));
  const found = there.sort((a, b) => fits(b.title, words) - fits(a.title, words))
    .map((folder) => ({ text: folder.title, run: () => moveFeed(id, folder.id) }));
  const title = words.trim();
  const known = there.some((folder) => folder.title.toLocaleLowerCase() === title.toLocaleLowerCase());
  if (title && !known) found.push({ text: `New folder “${title}”`, run: () => intoNew(id, title) });
  return found;
}

export async function move(id) {
  if (!(await near(id))) return;
  const [field, list] = chooser({ label: "Folder", choices: (words) => targets(id, words) });
  dialog(`Move ${name(id)} to`, { class: "palette" }, make("div", { class: "chooser" }, field, list));
  field.focus();
}

async function renameTo(id, title) {
  const label = one(".label", feedItem(id));
  const old = label.textContent;
  const show = (text) => { label.textContent = text; feedItem(id).querySelector("a").title = text; };
  if (title) show(title);
  try {
    offer(await track(call("PATCH", `/subscriptions/${id}`, { title: title || null })), () => show(old));
    if (!title) await redraw();
  } catch (error) {
    show(old);
    complain(error);
  }
}

export async function rename(id) {
  if (!(await near(id))) return;
  const field = make("input", { class: "in", id: "new-name", name: "title", value: name(id), maxlength: "200" });
  const form = make("form", { method: "dialog", class: "ask" },
    make("label", { for: "new-name" }, "Name"), field,
    make("p", { class: "quiet" }, "Left empty, the feed’s own name is shown."),
    make("button", { class: "btn main" }, "Rename"));
  form.addEventListener("submit", () => renameTo(id, field.value.trim()));
  dialog(`Rename ${name(id)}`, {}, form);
  field.select();
}

/** Takes the feed off the sidebar and puts the focus on the next one. */
export async function unsubscribe(id) {
  const item = await near(id);
  if (!item) return;
  const next = item.nextElementSibling ?? item.previousElementSibling;
  try {
    const done = await track(call("DELETE", `/subscriptions/${id}`));
    item.remove();
    next?.querySelector("a")?.focus();
    offer(done, async () => { await redraw(); (await reachFeed(id))?.querySelector("a").focus(); });
  } catch (error) {
    complain(error);
  }
}

export async function check(id) {
  try {
    await near(id);
    await call("POST", `/feeds/${id}/check`);
    toast(`Checking ${name(id)}`);
  } catch (error) {
    complain(error);
  }
}
