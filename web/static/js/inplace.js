/**
 * Forms that are sent without leaving the page: the page that answers gives the part that stands here anew, and its
 * toast. Without this module the same forms lead to the same page.
 */
import { page } from "./api.js";
import { all, fragment, one } from "./dom.js";
import { bind } from "./main.js";
import { complain, offer, toast } from "./toast.js";

const part = (area) => document.getElementById(area.dataset.place);

/** Puts the part of a drawn page in the place of the one here; the focus stays on what was pressed. */
function put(area, { drawn, url }, focus) {
  const here = part(area);
  const fresh = drawn.getElementById(here.id);
  if (!fresh) return location.assign(url); // the act led to another page
  here.replaceChildren(...fresh.childNodes);
  bind(here);
  column(drawn);
  if (focus) (one(`[data-focus="${focus}"]`, here) ?? one("button, a, textarea", here))?.focus({ preventScroll: true });
  dispatchEvent(new CustomEvent("evantr:stale"));
}

/** Following and leaving change the feeds of the left column. */
function column(drawn) {
  const [here, fresh] = [one(".side nav"), one(".side nav", drawn)];
  const feeds = (nav) => all("[data-feed-row]", nav).map((link) => link.dataset.feedRow).join();
  if (!here || !fresh || feeds(here) === feeds(fresh)) return;
  here.replaceChildren(...fresh.childNodes);
  dispatchEvent(new CustomEvent("evantr:moved"));
}

async function get(address, options) {
  const { html, url } = await page(address, options);
  return { drawn: fragment(html), url };
}

/** Draws the part anew, unless somebody is writing in it. */
export async function refresh(area) {
  if (one("details[open]", area) || all("textarea", area).some((field) => field.value !== field.defaultValue)) return;
  const at = document.activeElement?.dataset?.focus;
  const inside = area.contains(document.activeElement);
  try {
    put(area, await get(area.dataset.back ?? location.pathname + location.search), inside ? at : "");
  } catch {
    // no connection, or the thing is gone: what stands here stays until somebody acts
  }
}

function told({ drawn }, area) {
  const text = one(".toast span", drawn)?.textContent;
  const token = one(".toast [name=token]", drawn)?.value;
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
    const answer = await get(form.action, { method: "POST", body });
    put(area, answer, button?.dataset.focus ?? one("textarea", form)?.dataset.focus ?? "first");
    told(answer, area);
  } catch (error) {
    if (pressed) button.setAttribute("aria-pressed", pressed);
    complain(error);
  }
}

export function start(area) {
  area.addEventListener("submit", send);
}
