/** An embed card: the frame, sandboxed, takes its place at the same height once somebody asks for it. */
import { make } from "./dom.js";

/** @param {HTMLElement} card `figure.embed` as the cleaner made it: data-src is one of the sites it knows */
export function load(card) {
  const { width, height } = card.getBoundingClientRect();
  const title = card.textContent.trim();
  const frame = make("iframe", { class: "embedded", src: card.dataset.src, title, allow: "fullscreen; autoplay",
    sandbox: "allow-scripts allow-same-origin allow-presentation allow-popups",
    referrerpolicy: "strict-origin-when-cross-origin", width: Math.round(width), height: Math.round(height) });
  card.replaceChildren(frame);
  card.classList.add("playing");
  frame.focus();
}
