/** An embed card: the frame, sandboxed, takes its place at the same height once somebody asks for it. */
import { make } from "./dom.js";

export function start(card) {
  card.addEventListener("click", (event) => {
    if (!event.target.closest("button, a")) return;
    event.preventDefault();
    const frame = make("iframe", { class: "embedded", src: card.dataset.src, title: card.dataset.title ?? "Embedded",
      sandbox: "allow-scripts allow-same-origin allow-presentation allow-popups", allow: "fullscreen; autoplay", referrerpolicy: "strict-origin-when-cross-origin" });
    frame.style.height = `${card.getBoundingClientRect().height}px`;
    card.replaceWith(frame);
    frame.focus();
  });
}
