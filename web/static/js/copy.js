/** A button in the bar that copies the page's address; only where the browser lets a page do that. */
import { make, one, sign } from "./dom.js";
import { complain, toast } from "./toast.js";

export function start(main) {
  if (!navigator.clipboard) return;
  const address = one("meta[property='og:url']")?.content ?? location.href.split(/[?#]/)[0];
  const copy = () => navigator.clipboard.writeText(address).then(() => toast("Address copied"), complain);
  const button = make("button", { class: "ib", type: "button", "aria-label": "Copy the address of this page",
    title: "Copy the address of this page", click: copy }, sign("copy", "i"));
  const bar = one(".bar", main);
  const gap = one(".gap", bar);
  if (gap) gap.after(button);
  else bar.append(make("span", { class: "gap" }), button);
}
