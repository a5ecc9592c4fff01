/** Moves of feeds and folders in the sidebar: drawn at once, kept on the server, taken back where it refuses. */
import { call, piece } from "./api.js";
import { all, fragment, one } from "./dom.js";
import { fill } from "./fold.js";
import { complain, offer, track } from "./toast.js";

export const side = () => one(".side nav");
export const feedItem = (id) => one(`.side li[data-feed="${id}"]`);
/** The row of a feed; where its folder was drawn closed, its rows are fetched first. */
export async function reachFeed(id) {
  if (feedItem(id)) return feedItem(id);
  const holds = (item) => item.dataset.feeds.split(" ").includes(String(id));
  for (let folder; (folder = all(".side li.folder[data-feeds]").find(holds));) await fill(folder); // one in another
  return feedItem(id);
}

export const folderItem = (id) => one(`.side li.folder[data-folder="${id}"]`);
export const folders = () => all(".side li.folder")
  .map((item) => ({ id: Number(item.dataset.folder), title: one(".label", item).textContent }));

/** The list that the feeds of a folder are in; without a folder, the outer one. */
export const shelf = (folderId) => (folderId ? one("ul", folderItem(folderId)) : one(".side .folders"));

/** A folder whose feeds are not drawn keeps their ids: a move there or from there changes them. */
function listed(item, folder) {
  const home = folder && folderItem(folder).closest("li.folder[data-feeds]");
  if (home?.dataset.feeds !== undefined) home.dataset.feeds = `${home.dataset.feeds} ${item.dataset.feed}`.trim();
}

const settled = () => dispatchEvent(new CustomEvent("evantr:moved"));

/** Draws a move and tells the server; on refusal or undo the item goes back to where it stood. */
async function shift(item, draw, request) {
  const { parentElement: from, nextElementSibling: next } = item;
  const back = () => {
    const home = item.closest("li.folder[data-feeds]");
    if (home) home.dataset.feeds = home.dataset.feeds.split(" ").filter((id) => id !== item.dataset.feed).join(" ");
    from.insertBefore(item, next?.parentElement === from ? next : null);
    settled();
  };
  draw();
  settled();
  try {
    offer(await track(request()), back);
  } catch (error) {
    back();
    complain(error);
  }
}

/** @param {number} feed @param {number|null} folder @param {number|null} [before] the feed it comes before; null: last */
export function moveFeed(feed, folder, before = null) {
  const item = feedItem(feed);
  const body = { folder_id: folder, ...(before && { before }) };
  const draw = () => {
    listed(item, folder);
    shelf(folder).insertBefore(item, before ? feedItem(before) : null);
  };
  return shift(item, draw, () => call("PATCH", `/subscriptions/${feed}`, body));
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
  const top = side().scrollTop;
  const scope = one(".list")?.dataset.scope;
  side().replaceWith(fragment(await piece(`/sidebar${scope ? `?current=${scope}` : ""}`)));
  side().scrollTop = top;
  settled();
}
