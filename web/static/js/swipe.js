/** On touch a row swiped to the right is read or unread, to the left it is shared. Both are buttons elsewhere, too. */
import { setRead } from "./marks.js";
import { idOf, isUnread } from "./rows.js";

const enough = 72; // px
const slack = 12; // px before a movement is a swipe
let touch = null;

function move(event) {
  if (event.pointerId !== touch?.id) return;
  const across = event.clientX - touch.x;
  const down = Math.abs(event.clientY - touch.y);
  if (!touch.swiping && (Math.abs(across) < slack || down > Math.abs(across))) return;
  touch.swiping = true;
  const by = Math.max(touch.left ? -enough * 1.5 : 0, Math.min(enough * 1.5, across));
  touch.row.classList.add("swiped");
  touch.row.dataset.swipe = by > 0 ? "read" : "share";
  touch.row.style.setProperty("--swipe", `${by}px`);
  touch.by = by;
}

/** The click that some browsers make of the finger's end; none that comes later. */
function swallow() {
  const eat = (click) => { click.preventDefault(); click.stopPropagation(); };
  addEventListener("click", eat, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", eat, { capture: true }), 50);
}

async function end(event) {
  if (event.pointerId !== touch?.id) return;
  const { row, by } = touch;
  touch = null;
  row.classList.remove("swiped");
  row.style.removeProperty("--swipe");
  delete row.dataset.swipe;
  if (event.type === "pointercancel" || Math.abs(by) < enough) return;
  swallow();
  if (by > 0) setRead(idOf(row), isUnread(row), false);
  else (await import("./share.js")).share(idOf(row));
}

export function start(section) {
  section.addEventListener("pointerdown", (event) => {
    const row = event.pointerType === "touch" && event.target.closest(".rows > .row");
    touch = row ? { id: event.pointerId, row, x: event.clientX, y: event.clientY, by: 0, left: Boolean(row.querySelector(".acts .share")) } : null;
  }, { passive: true });
  section.addEventListener("pointermove", move, { passive: true });
  for (const name of ["pointerup", "pointercancel"]) section.addEventListener(name, end);
}
