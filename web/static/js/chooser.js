/** A field to type into over a list to choose from: the palette, and "Move to…". An ARIA combobox. */
import { make } from "./dom.js";

const most = 50;

/** How well `text` answers `words`: begins with it, has a word that does, has its letters in a row; 0: not at all. */
export function fits(text, words) {
  const name = text.toLocaleLowerCase();
  const wanted = words.trim().toLocaleLowerCase();
  if (!wanted || name.startsWith(wanted)) return 4;
  if (name.split(/[\s./-]+/).some((word) => word.startsWith(wanted))) return 3;
  if (name.includes(wanted)) return 2;
  let at = -1;
  return [...wanted].every((letter) => (at = name.indexOf(letter, at + 1)) >= 0) ? 1 : 0;
}

/**
 * @param {{label: string, choices: (words: string) => {text: string, end?: string, run: (event: Event) => any}[]}} what
 * @returns {[HTMLInputElement, HTMLElement]} the field and its list
 */
export function chooser({ label, choices }) {
  const list = make("ul", { class: "choices", id: "choices", role: "listbox", "aria-label": label });
  const field = make("input", { class: "in", type: "text", role: "combobox", "aria-label": label, "aria-controls": "choices",
    "aria-expanded": "true", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" });
  let found = [];
  let at = 0;

  const choose = (index) => {
    at = (index + found.length) % Math.max(1, found.length);
    [...list.children].forEach((item, number) => {
      item.setAttribute("aria-selected", String(number === at));
      if (number === at) item.scrollIntoView({ block: "nearest" });
    });
    if (found.length) field.setAttribute("aria-activedescendant", `choice-${at}`);
    else field.removeAttribute("aria-activedescendant");
  };
  const run = (event) => {
    event.preventDefault();
    if (!found[at]) return;
    field.closest("dialog").close();
    found[at].run(event);
  };
  const draw = () => {
    found = choices(field.value).slice(0, most);
    list.replaceChildren(...found.map(({ text, end }, number) => make("li", { role: "option", id: `choice-${number}`,
      pointermove: () => number !== at && choose(number), click: run },
    make("span", { class: "label" }, text), make("span", { class: "count" }, end ?? ""))));
    choose(0);
  };
  field.addEventListener("input", draw);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") { event.preventDefault(); choose(at + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(at - 1); }
    if (event.key === "Enter") run(event);
  });
  draw();
  return [field, list];
}
