/** For those who chose it: an unread row that was scrolled past is read. Sent a few at a time. */
import { all, column } from "./dom.js";
import { readPast } from "./marks.js";
import { idOf, isUnread } from "./rows.js";

const pause = 600;

export function start(section) {
  const past = new Set();
  let timer = 0;
  const send = () => { timer = 0; readPast([...past]); past.clear(); };
  const watcher = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting, boundingClientRect: box, rootBounds } of seen) {
      if (isIntersecting || box.bottom > (rootBounds?.top ?? 0) || !isUnread(target)) continue;
      past.add(idOf(target));
      timer ||= setTimeout(send, pause);
    }
  }, { root: column(section), rootMargin: "-56px 0px 0px 0px" });
  const watch = () => { for (const row of all(".rows > .row.unread", section)) watcher.observe(row); };
  watch();
  new MutationObserver(watch).observe(section.querySelector(".rows"), { childList: true });
}
