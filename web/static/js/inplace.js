/**
 * Forms that are sent without leaving the page: the page that answers gives the part that stands here anew, and its
 * toast. Without this module the same forms lead to the same page.
 */
import { piece } from "./api.js";
import { fragment, one } from "./dom.js";
import { bind } from "./main.js";
import { complain, offer, toast } from "./toast.js";

const light = { "X-Fragment": "0", Accept: "application/json" }; // the whole page; what is refused in words
const part = (area) => document.getElementById(area.dataset.place);

/** Puts the part of a drawn page in the place of the one here; the focus stays on what was pressed. */
function put(area, page, focus) {
  const here = part(area);
  const fresh = page.getElementById(here.id);
  if (!fresh) return location.reload(); // what the page was about is gone
  here.replaceChildren(...fresh.childNodes);
  bind(here);
  if (focus) (one(`[data-focus="${focus}"]`, here) ?? one("button, a, textarea", here))?.focus({ preventScroll: true });
  dispatchEvent(new CustomEvent("evantr:stale"));
}

const whole = (path) => piece(path, { headers: light });

/** Draws the part anew, unless somebody is writing in it. */
export async function refresh(area) {
  if ([...area.querySelectorAll("textarea")].some((field) => field.value || field === document.activeElement)) return;
  const at = document.activeElement?.dataset?.focus;
  const inside = area.contains(document.activeElement);
  try {
    put(area, fragment(await whole(area.dataset.back ?? location.pathname + location.search)), inside ? at : "");
  } catch {
    // no connection, or the thing is gone: what stands here stays until somebody acts
  }
}

function told(page, area) {
  const text = one(".toast span", page)?.textContent;
  const token = one(".toast [name=token]", page)?.value;
  if (token) offer({ label: text, undo: token }, () => refresh(area));
  else if (text) toast(text);
}

async function send(event) {
  const area = event.currentTarget;
  const form = event.target;
  const button = event.submitter;
  if (event.defaultPrevented || form.method !== "post" || form.closest("[data-note]")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, button));
  const pressed = button?.getAttribute("aria-pressed");
  if (pressed) button.setAttribute("aria-pressed", String(pressed !== "true")); // shown at once, confirmed below
  try {
    const page = fragment(await piece(form.action, { method: "POST", body, headers: light }));
    put(area, page, button?.dataset.focus ?? (form.matches(".say") ? "said" : "area"));
    told(page, area);
  } catch (error) {
    if (pressed) button.setAttribute("aria-pressed", pressed);
    complain(error);
  }
}

export function start(area) {
  area.addEventListener("submit", send);
}
