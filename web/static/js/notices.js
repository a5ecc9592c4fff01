/** Notifications count as seen once their page is left; new ones are drawn in as they come. */
import { one } from "./dom.js";
import { refresh } from "./inplace.js";

const left = "evantr.seen"; // the next page was drawn before the server knew

function seen() {
  const upTo = Number(one("[data-seen]")?.dataset.seen || 0);
  if (!upTo) return;
  sessionStorage.setItem(left, "1");
  fetch("/api/v1/notifications/seen", { method: "POST", keepalive: true,
    headers: { "Content-Type": "application/json" }, body: JSON.stringify({ up_to: upTo }) });
}

export function start(main) {
  addEventListener("pagehide", seen);
  addEventListener("evantr:notified", () => refresh(main));
}
