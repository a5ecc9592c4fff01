/** The number on the bell and on the tab of people, as the server has it. */
import { get } from "./api.js";
import { all, count } from "./dom.js";

const most = 99;
const left = "evantr.seen"; // notices.js: somebody just looked at them
const soon = 400; // ms

function draw(bell, number) {
  for (const badge of all(".badge")) badge.textContent = number ? Math.min(number, most) : "";
  for (const spoken of all("[data-unseen]")) spoken.textContent = number ? `, ${count(number)} new` : "";
  bell.setAttribute("aria-label", number ? `Notifications, ${count(number)} new` : "Notifications");
}

export function start(bell) {
  const look = async () => {
    if (document.hidden) return;
    try {
      draw(bell, (await get("/notifications/unseen")).unseen);
    } catch {
      // no connection: the next event, or its return, asks again
    }
  };
  if (sessionStorage.getItem(left)) {
    sessionStorage.removeItem(left);
    setTimeout(look, soon);
  }
  for (const name of ["notified", "lost"]) addEventListener(`evantr:${name}`, look);
  document.addEventListener("visibilitychange", look);
}
