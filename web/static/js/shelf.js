/** Moves of feeds and folders in the sidebar: drawn at once, kept on the server, taken back where it refuses. */
import { call } from "./api.js";
import { all, one } from "./dom.js";
import { complain, offer } from "./toast.js";

export const side = () => one(".side nav");
export const feedItem = (id) => one(`.side li[data-feed="${id}"]`);
export const folderItem = (id) => one(`.side li.folder[data-folder="${id}"]`);
export const folders = () => all(".side li.folder").map((item) => ({ id: Number(item.dataset.folder), title: one(".label", item).textContent }));

/** The list that the feeds of a folder are in; without a folder, the outer one. */
export const shelf = (folderId) => (folderId ? one("ul", folderItem(folderId)) : one(".side .folders"));

const settled = () => dispatchEvent(new CustomEvent("evantr:moved"));

/** Draws a move and tells the server; on refusal or undo the item goes back to where it stood. */
async function shift(item, draw, request) {
  const { parentElement: from, nextElementSibling: next } = item;
  const back = () => { from.insertBefore(item, next); settled(); };
  draw();
  settled();
  try {
    offer(await request(), back);
  } catch (error) {
    back();
    complain(error);
  }
}

/** @param {number} feed @param {number|null} folder @param {number|null} [before] the feed it comes before; null: last */
export function moveFeed(feed, folder, before = null) {
  const item = feedItem(feed);
  const body = { folder_id: folder, ...(before && { before }) };
  return shift(item, () => shelf(folder).insertBefore(item, before ? feedItem(before) : null),
    () => call("PATCH", `/subscriptions/${feed}`, body));
}

/** @param {number} folder @param {number|null} before the folder it comes before; null: last of the folders */
export function moveFolder(folder, before) {
  const item = folderItem(folder);
  const outer = item.parentElement;
  const end = all(":scope > li.folder", outer).at(-1).nextElementSibling;
  return shift(item, () => outer.insertBefore(item, before ? folderItem(before) : end),
    () => call("PATCH", `/folders/${folder}`, { before }));
}

/** Draws the sidebar anew from the server: after a folder was made or a feed was added. */
export async function redraw() {
  const { piece } = await import("./api.js");
  const { fragment } = await import("./dom.js");
  const { bind } = await import("./main.js");
  const top = side().scrollTop;
  side().replaceWith(fragment(await piece("/sidebar")));
  side().scrollTop = top;
  await bind(side().parentElement);
}
