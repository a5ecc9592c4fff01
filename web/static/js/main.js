/** Binds behaviours to `data-behaviour`: one module each, fetched when the page has a use for it. */
import { all, one } from "./dom.js";

const bound = new WeakMap();

/** Starts what `from` asks for, itself included. Twice does nothing. */
export function bind(from = document.documentElement) {
  const asking = [...(from.matches?.("[data-behaviour]") ? [from] : []), ...all("[data-behaviour]", from)];
  return Promise.all(asking.flatMap((element) => element.dataset.behaviour.split(" ").map((name) => begin(element, name))));
}

async function begin(element, name) {
  const names = bound.get(element) ?? new Set();
  if (names.has(name)) return;
  bound.set(element, names.add(name));
  const { start } = await import(`./${name}.js`);
  await start(element);
}

document.documentElement.toggleAttribute("data-no-sidebar", sessionStorage.getItem("evantr.sidebar") === "hidden");
bind().then(() => { document.documentElement.dataset.ready = ""; });
document.addEventListener("toggle", () => import("./menu.js"), { once: true, capture: true });
if (one(".toast")) import("./toast.js").then(({ adopt }) => adopt());
