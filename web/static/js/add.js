/**
 * Adding a site: the answer comes while a bar shows the wait; when discovery takes longer the page says so and goes
 * on by itself. Subscribing needs no reload.
 */
import { call, piece } from "./api.js";
import { all, fragment, make, one } from "./dom.js";
import { complain, toast } from "./toast.js";

const patience = 5000;
const again = 1000;
const later = 3000;
let asked = 0;

/** The bar over the wait; it never goes backwards and stands still at the end. */
function bar() {
  const fill = make("i");
  const meter = make("div", { class: "meter thin", role: "progressbar", "aria-label": "Looking for feeds", "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const began = performance.now();
  const tick = () => {
    const part = Math.min(1, (performance.now() - began) / patience);
    fill.style.transform = `scaleX(${part})`;
    meter.setAttribute("aria-valuenow", Math.round(part * 100));
    if (part < 1 && meter.isConnected) setTimeout(tick, 250);
  };
  queueMicrotask(tick);
  return meter;
}

function waiting(spot, address) {
  const line = make("p", { class: "quiet", role: "status" }, `Looking at ${address}…`);
  spot.replaceChildren(line, bar());
  setTimeout(() => { if (line.isConnected) line.textContent = "This takes longer. You can go on; it will appear here."; }, patience);
}

/** Names and addresses of people here: the server's own page leads to theirs. */
const person = (address) => /^@|^\/u\//.test(address) || address.replace(/^\w+:\/\//, "").startsWith(`${location.host}/u/`);

/** Asks until the answer is there; the server itself waits a few seconds each time. */
async function find(form, spot) {
  const number = ++asked;
  const address = new FormData(form).get("url").trim();
  if (!address) return one("[name=url]", form).focus();
  if (person(address)) return location.assign(`/add?url=${encodeURIComponent(address)}`);
  waiting(spot, address);
  try {
    let finding = await call("POST", "/discover", { url: address });
    while (finding.wait && number === asked && form.isConnected) {
      await new Promise((ready) => setTimeout(ready, again));
      finding = await call("POST", "/discover", { url: address });
    }
    if (number === asked) await draw(spot, address);
    while (finding.more && number === asked && form.isConnected) {
      await new Promise((ready) => setTimeout(ready, later));
      finding = await call("POST", "/discover", { url: address });
      if (!finding.more && number === asked) await draw(spot, address);
    }
  } catch (error) {
    if (number !== asked) return;
    spot.replaceChildren();
    wrong(form, error);
  }
}

/** The candidates as the server draws them for a page without script: one markup for both. */
async function draw(spot, address) {
  spot.replaceChildren(fragment(await piece(`/add?url=${encodeURIComponent(address)}`)));
  history.replaceState(history.state, "", `/add?url=${encodeURIComponent(address)}`);
  one("input:checked", spot)?.focus();
}

function wrong(form, error) {
  const field = one("[name=url]", form);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", "add-error");
  one("#add-error")?.remove();
  field.closest("form").append(make("p", { class: "err", id: "add-error", role: "alert" }, error.message));
  field.focus();
}

/** Subscribes to what is ticked and goes to its list, where the entries appear as they come. */
async function subscribe(form) {
  const data = new FormData(form);
  const urls = data.getAll("feed");
  const named = (data.get("new_folder") ?? "").trim();
  const folder = data.get("folder");
  if (!urls.length) return toast("Tick at least one feed.");
  if (folder === "new" && !named) return one("[name=new_folder]", form).focus();
  const into = folder && folder !== "new" ? { folder_id: Number(folder) } : named ? { new_folder: named } : {};
  try {
    let row;
    for (const url of urls) row = await call("POST", "/subscriptions", { url, ...into });
    const list = urls.length === 1 ? `/feed/${row.feed_id}` : row.folder_id ? `/folder/${row.folder_id}` : "/";
    location.assign(list);
  } catch (error) {
    complain(error);
  }
}

export function start(area) {
  const spot = one(".found", area) ?? area.appendChild(make("section", { class: "found" }));
  area.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-find]")) { event.preventDefault(); find(form, spot); }
    if (form.matches("[data-subscribe]")) { event.preventDefault(); subscribe(form); }
  });
  all("[name=url]", area).forEach((field) => field.addEventListener("input", () => field.removeAttribute("aria-invalid")));
}
