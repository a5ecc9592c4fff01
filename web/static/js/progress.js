/** An import's page while it goes on: the bar, its figures and the feed at hand; lists are drawn by the server. */
import { get, piece } from "./api.js";
import { all, count, fragment, one, say } from "./dom.js";

const step = 250; // at most four a second
const idle = 2000; // without events: look by oneself
const over = ["done", "cancelled", "undone"];
const marks = [25, 50, 75, 100];

/** @param {HTMLElement} main */
export function start(main) {
  const state = () => one("[data-import]", main);
  const id = state().dataset.import;
  let said = marks.filter((mark) => mark <= reached(state())).at(-1) ?? 0;
  let timer = 0;
  let drawnAt = 0;

  function reached(from) {
    const bar = one("progress", from);
    return (100 * bar.value) / bar.max;
  }

  async function redraw() {
    const focused = state().contains(document.activeElement);
    state().replaceWith(fragment(await piece(`/import/${id}`)));
    if (focused) main.querySelector("button, a")?.focus({ preventScroll: true });
  }

  async function look() {
    timer = 0;
    drawnAt = performance.now();
    try {
      const now = await get(`/imports/${id}`);
      const lists = `${now.counts.need} ${now.counts.failed}`;
      if (state().dataset.state !== now.state || state().dataset.lists !== lists) await redraw();
      draw(now);
    } catch {
      // no connection: what is shown stays, and the sidebar's foot says so
    }
    if (!over.includes(state().dataset.state)) plan(idle);
  }

  function draw({ counts, now, seconds_left: left, state: at }) {
    const bar = one("progress", state());
    bar.value = Math.max(bar.value, counts.total ? counts.settled : 1);
    for (const figure of all("[data-figure]", state())) figure.textContent = count(counts[figure.dataset.figure]);
    if (at === "running") one("[data-now]", state()).textContent = now ? `Now at ${now}` : "\u00a0";
    one("[data-left]", state()).textContent = at === "running" ? words(left) : "";
    document.title = document.title.replace(/Import: [\d.,\s]+ of/, `Import: ${count(counts.settled)} of`);
    const mark = marks.filter((each) => each <= reached(state())).at(-1) ?? 0;
    if (mark > said) say(`Import: ${(said = mark)} %`);
  }

  function words(left) {
    if (left === null) return "";
    if (left < 90) return `about ${Math.max(10, Math.round(left / 10) * 10)} seconds left`;
    const minutes = Math.round(left / 60);
    return `about ${minutes} minute${minutes === 1 ? "" : "s"} left`;
  }

  function plan(wait) {
    const due = Math.max(wait, drawnAt + step - performance.now());
    clearTimeout(timer);
    timer = setTimeout(look, due);
  }

  addEventListener("evantr:import", ({ detail }) => { if (String(detail.id) === id) plan(0); });
  if (!over.includes(state().dataset.state)) plan(0);
}
