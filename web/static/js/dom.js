/** Small helpers over the document. No module but this one builds markup, and it only ever sets text. */

export const root = document.documentElement;
export const one = (selector, from = document) => from.querySelector(selector);
export const all = (selector, from = document) => [...from.querySelectorAll(selector)];

/**
 * An element: attributes by name, functions as listeners, strings as text.
 * @param {string} name @param {Object} [attributes] @param {...(Node|string)} children
 */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** A sign from the sprite; the address of the sprite is in the page because its name carries a hash. */
export function sign(name, look = "i s") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS(svg.namespaceURI, "use");
  use.setAttribute("href", `${root.dataset.sprite}#${name}`);
  svg.setAttribute("class", look);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Markup that our own server made, as nodes. Never hand it anything else. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

const regions = { acts: "live-acts", news: "live-news" };

/** Says something through one of the two polite live regions. */
export function say(text, region = "acts") {
  const spot = document.getElementById(regions[region]);
  if (!spot) return;
  spot.textContent = "";
  requestAnimationFrame(() => { spot.textContent = text; });
}

const numbers = new Intl.NumberFormat(root.lang || "en");
export const count = (number) => numbers.format(number);

const plural = new Intl.PluralRules(root.lang || "en");
/** "1 entry", "12 entries". */
export const some = (number, single, many) => `${count(number)} ${plural.select(number) === "one" ? single : many}`;

export const wide = matchMedia("(width >= 1120px)");
export const phone = matchMedia("(width < 720px)");

/** The box that scrolls `element`: a column of its own, or null for the page. */
export function column(element) {
  for (let box = element; box && box !== document.body; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  }
  return null;
}
