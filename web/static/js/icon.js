/** A feed's icon, name and trouble, drawn where the feed shows once the server knows better. */
import { get } from "./api.js";
import { all, make, one } from "./dom.js";
import { feedItem } from "./shelf.js";

/** The letter and the picture have the same box: nothing moves. */
function paint(box, icon) {
  if (box?.matches("b.fav")) box.replaceWith(make("img", { class: "fav", src: icon, alt: "", width: 16, height: 16, loading: "lazy" }));
}

export async function redraw(id) {
  const item = feedItem(id);
  if (!item || one("img.fav, .av", item)) return; // people have no icon to wait for
  try {
    const feed = await get(`/subscriptions/${id}`);
    one(".label", item).textContent = feed.title;
    one("a", item).title = feed.title;
    if (!feed.icon) return;
    paint(one(".fav", item), feed.icon);
    for (const row of all(`.row[data-feed="${id}"]`)) paint(one(".fav", row), feed.icon);
  } catch {
    // no connection, or the feed was left meanwhile: the next page shows what is so
  }
}
