/** A feed's health, drawn anew when a check of it has ended. */
import { piece } from "./api.js";
import { fragment, one } from "./dom.js";
import { check } from "./feed.js";

/** @param {HTMLElement} main with data-feed-page */
export function start(main) {
  const id = Number(main.dataset.feedPage);
  main.addEventListener("submit", (event) => {
    if (!event.target.action.endsWith("/check")) return;
    event.preventDefault();
    check(id);
  });
  addEventListener("evantr:feed", async ({ detail }) => {
    if (detail.feed_id !== id) return;
    try {
      const focused = main.contains(document.activeElement) && document.activeElement.getAttribute("class");
      one(".page", main).replaceWith(one(".page", fragment(await piece(location.href))));
      if (focused) main.getElementsByClassName(focused)[0]?.focus({ preventScroll: true });
    } catch {
      // no connection: what is shown stays, and the sidebar's foot says so
    }
  });
}
