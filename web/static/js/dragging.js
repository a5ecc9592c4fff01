/** Feeds and folders of the sidebar by pointer: at once with a mouse, after a long press by touch. */
import { fold } from "./fold.js";
import { one } from "./dom.js";
import { moveFeed, moveFolder } from "./shelf.js";

const slack = 5; // px that a mouse may wander before it drags
const press = 400; // ms of a long press
const opens = 600; // ms over a closed folder until it opens
let drag = null;

const clear = () => {
  for (const item of document.querySelectorAll(".side [data-place], .side .drop")) {
    item.removeAttribute("data-place");
    item.classList.remove("drop");
  }
};

/** What lies under the pointer: a folder to drop into, or a row to stand before or after. */
function aim(x, y) {
  const link = document.elementFromPoint(x, y)?.closest(".side a.nav, .side .fold");
  const item = link?.closest("li[data-feed], li.folder");
  if (!item || item === drag.item || drag.item.contains(item)) return null;
  const box = link.getBoundingClientRect();
  const part = (y - box.top) / box.height;
  const folder = item.classList.contains("folder");
  if (drag.folder) return folder && item.parentElement === drag.item.parentElement ? { item, place: part < 0.5 ? "before" : "after" } : null;
  return folder ? { item, place: "into" } : { item, place: part < 0.5 ? "before" : "after" };
}

function show(target) {
  if (target?.item === drag.target?.item && target?.place === drag.target?.place) return;
  clear();
  clearTimeout(drag.opening);
  drag.target = target;
  if (!target) return;
  if (target.place !== "into") return target.item.setAttribute("data-place", target.place);
  target.item.classList.add("drop");
  const closed = one(".fold", target.item).getAttribute("aria-expanded") === "false";
  if (closed) drag.opening = setTimeout(() => fold(target.item, true), opens);
}

/** The id of the row that follows `item` among its own kind. */
function after(item, kind) {
  const next = item.nextElementSibling;
  return next?.dataset[kind] && next !== drag.item ? Number(next.dataset[kind]) : null;
}

function drop() {
  const { item, place } = drag.target;
  const id = (what, kind) => Number(what.dataset[kind]);
  if (drag.folder) {
    return moveFolder(id(drag.item, "folder"), place === "before" ? id(item, "folder") : after(item, "folder"));
  }
  if (place === "into") return moveFeed(id(drag.item, "feed"), id(item, "folder"));
  const folder = item.parentElement.closest("li.folder");
  return moveFeed(id(drag.item, "feed"), folder && id(folder, "folder"), place === "before" ? id(item, "feed") : after(item, "feed"));
}

function begin() {
  drag.on = true;
  drag.link.classList.add("dragged");
  document.documentElement.classList.add("dragging");
}

function moved(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > slack;
  if (!drag.on && far && drag.touch) return end();
  if (!drag.on && far) begin();
  if (drag?.on) show(aim(event.clientX, event.clientY));
}

function end() {
  if (!drag) return;
  clearTimeout(drag.waiting);
  clearTimeout(drag.opening);
  drag.link.classList.remove("dragged");
  document.documentElement.classList.remove("dragging");
  clear();
  drag = null;
}

function released(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  if (drag.on) {
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
    if (drag.target) drop();
  }
  end();
}

/** The click that ends a drag is none. */
const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };

/** @param {PointerEvent} event on a row of the sidebar */
export function down(event) {
  const link = event.target.closest("a.nav");
  const item = link?.closest("li[data-feed], li.folder");
  if (!item || event.button || event.ctrlKey || event.metaKey) return;
  const touch = event.pointerType === "touch";
  drag = { item, link, touch, folder: item.classList.contains("folder"), pointer: event.pointerId,
    x: event.clientX, y: event.clientY, on: false };
  if (touch) drag.waiting = setTimeout(begin, press);
}

const escape = (event) => {
  if (!drag?.on || event.key !== "Escape") return;
  event.preventDefault();
  end();
};

/** @param {HTMLElement} side */
export function listen(side) {
  side.addEventListener("touchmove", (event) => { if (drag?.on) event.preventDefault(); }, { passive: false });
  side.addEventListener("contextmenu", (event) => { if (drag?.touch) event.preventDefault(); });
  addEventListener("pointermove", moved);
  addEventListener("pointerup", released);
  addEventListener("pointercancel", end);
  addEventListener("keydown", escape, { capture: true });
}
