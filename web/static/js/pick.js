/** The preview of an import: boxes of folders stand for the feeds in them, and the button names the number. */
import { all, count, one } from "./dom.js";

/** @param {HTMLFormElement} form */
export function start(form) {
  const button = one("[data-words]", form);
  if (!button) return;
  const groups = all("[data-group]", form);

  function settle(group) {
    const box = one("[name=group]", group);
    const items = all("[name=item]", group);
    if (!box || !items.length) return;
    const ticked = items.filter((item) => item.checked).length;
    box.checked = ticked > 0;
    box.indeterminate = ticked > 0 && ticked < items.length;
    box.dataset.part = String(box.indeterminate); // a press on a box that is half ticked ticks all
  }

  function total() {
    const boxes = all("[name=item]", form);
    if (!boxes.length) return null; // whole folders alone: the server counts
    return boxes.filter((item) => item.checked).length;
  }

  function draw() {
    const number = total();
    if (number === null) return;
    button.textContent = `Import ${count(number)} feed${number === 1 ? "" : "s"}`;
    button.disabled = number === 0;
  }

  form.addEventListener("change", ({ target }) => {
    const group = target.closest("[data-group]");
    const on = target.checked || target.dataset.part === "true";
    if (target.name === "group") for (const item of all("[name=item]", group)) item.checked = on;
    if (group) settle(group);
    draw();
  });
  groups.forEach(settle);
  draw();
}
