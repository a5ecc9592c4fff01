/** Menus are `details`: a press elsewhere, Escape, or another menu closes them. */
import { all } from "./dom.js";

const open = () => all("details.menu[open]");

function close(but) {
  for (const menu of open()) if (menu !== but) menu.open = false;
}

addEventListener("click", (event) => close(event.target.closest("details.menu")));
addEventListener("focusin", (event) => { if (!event.target.closest("details.menu")) close(); });
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !open().length) return;
  event.preventDefault();
  const [menu] = open();
  const inside = menu.contains(document.activeElement);
  close();
  if (inside) menu.querySelector("summary").focus();
}, { capture: true });
