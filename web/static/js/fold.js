/** Folders open and close at once; the server remembers. */
import { call } from "./api.js";
import { one } from "./dom.js";
import { complain } from "./toast.js";

/** @param {Element} folder its li */
export async function fold(folder, open) {
  const button = one(".fold", folder);
  show(button, folder, open);
  try {
    await call("PATCH", `/folders/${folder.dataset.folder}`, { open });
  } catch (error) {
    show(button, folder, !open);
    complain(error);
  }
}

function show(button, folder, open) {
  button.setAttribute("aria-expanded", String(open));
  one("ul", folder)?.toggleAttribute("hidden", !open);
}

export function start(side) {
  side.addEventListener("click", (event) => {
    const button = event.target.closest(".fold");
    if (!button) return;
    event.preventDefault();
    fold(button.closest(".folder"), button.getAttribute("aria-expanded") !== "true");
  });
}
