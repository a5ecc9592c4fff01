/** Native dialogs: opened from the keyboard or a button, giving the focus back to what opened them. */
import { make, sign } from "./dom.js";

/**
 * @param {string} title @param {{class?: string}} [options] @param {...Node} children
 * @returns {HTMLDialogElement} open, with a heading and a close button; it removes itself when it closes
 */
export function dialog(title, options, ...children) {
  const opener = document.activeElement;
  const close = make("button", { class: "ib", type: "button", "aria-label": "Close", title: "Close (Esc)" }, sign("close", "i"));
  const heading = make("h2", { id: "dialog-title" }, title);
  const box = make("dialog", { class: `sheet ${options.class ?? ""}`, "aria-labelledby": "dialog-title" },
    make("header", {}, heading, close), ...children);
  close.addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  box.addEventListener("close", () => {
    box.remove();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  });
  document.body.append(box);
  box.showModal();
  return box;
}
