/** Code and tables that scroll in their own box can be reached and scrolled by keyboard. */

/** @param {Element} from holds the article */
export function reach(from) {
  for (const box of from.querySelectorAll(".prose pre, .prose table")) {
    if (box.scrollWidth <= box.clientWidth || box.tabIndex >= 0) continue;
    box.tabIndex = 0;
    if (box.matches("table")) continue; // it keeps its role
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Code");
  }
}
