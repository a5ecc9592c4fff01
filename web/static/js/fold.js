/** Folders open and close at once; the server remembers. */
import { call, piece } from "./api.js";
import { fragment, one } from "./dom.js";

/** The feeds of a folder that was drawn closed come with the first opening. */
export async function fill(folder) {
  if (folder.dataset.feeds === undefined) return;
  const feeds = fragment(await piece(`/sidebar?folder=${folder.dataset.folder}`));
  one("ul", folder).replaceChildren(feeds);
  delete folder.dataset.feeds;
}

/** @param {Element} folder its li */
export async function fold(folder, open) {
  const button = one(".fold", folder);
  button.setAttribute("aria-expanded", String(open));
  try {
    if (open) await fill(folder);
    show(button, folder, open);
    await call("PATCH", `/folders/${folder.dataset.folder}`, { open });
  } catch (error) {
    show(button, folder, !open);
    (await import("./toast.js")).complain(error);
  }
}

function show(button, folder, open) {
  button.setAttribute("aria-expanded", String(open));
  one("ul", folder)?.toggleAttribute("hidden", !open);
}

export function start(side) {
  side.addEventListener("click", (event) => {
    const button = event.target.closest(".fold");
    if (!button || event.defaultPrevented) return;
    event.preventDefault();
    fold(button.closest(".folder"), button.getAttribute("aria-expanded") !== "true");
  });
}
