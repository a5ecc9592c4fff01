/** Fetches the next page when the end is near; the link "Older entries" is what does it without script. */
import { piece } from "./api.js";
import { column, fragment, one } from "./dom.js";
import { rowOf } from "./rows.js";

const near = 1200; // px from the end

async function next(more, watch) {
  const older = one(".older", more);
  older.setAttribute("aria-busy", "true");
  try {
    const nodes = fragment(await piece(older.href));
    for (const row of nodes.querySelectorAll(".row")) if (rowOf(row.dataset.id)) row.remove(); // came as new before
    more.replaceWith(nodes);
    watch();
  } catch (error) {
    older.removeAttribute("aria-busy"); // the link is still there to press
    (await import("./toast.js")).complain(error);
  }
}

export function start(section) {
  const watcher = new IntersectionObserver((seen) => {
    const more = seen.find((entry) => entry.isIntersecting)?.target;
    if (!more) return;
    watcher.disconnect();
    next(more, watch);
  }, { root: column(section), rootMargin: `0px 0px ${near}px 0px` });
  const watch = () => { const more = one(".rows > .more", section); if (more) watcher.observe(more); };
  watch();
  addEventListener("evantr:drawn", watch);
}
