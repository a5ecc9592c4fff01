/** Notifications count as seen once their page is left; new ones are drawn in as they come. */
import { refresh } from "./inplace.js";

const left = "evantr.seen"; // the next page was drawn before the server knew

/** @param {HTMLElement} main data-seen: the newest one drawn */
export function start(main) {
  const upTo = Number(main.dataset.seen);
  if (upTo) {
    addEventListener("pagehide", () => {
      sessionStorage.setItem(left, "1");
      fetch("/api/v1/notifications/seen", { method: "POST", keepalive: true,
      headers: { "Content-Type": "application/json" }, body: JSON.stringify({ up_to: upTo }) });
    });
  }
  addEventListener("evantr:notified", () => refresh(main));
}
