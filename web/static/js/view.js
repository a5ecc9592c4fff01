/** How things look: density, layout, text, sidebar. It applies at once and is kept on the server. */
import { call, piece } from "./api.js";
import { all, fragment, one, root } from "./dom.js";
import { remount } from "./open.js";
import { idOf, list, rowOf } from "./rows.js";
import { complain, toast } from "./toast.js";

const densities = ["compact", "balanced", "roomy"];

async function keep(changes) {
  try {
    await call("PATCH", "/me", changes);
  } catch (error) {
    complain(error);
  }
}

export async function density(event) {
  const value = densities[Number(event.code.slice(-1)) - 1];
  root.dataset.density = value;
  toast(`Density: ${value}`);
  await keep({ density: value });
  if (value === "roomy") await summaries();
}

/** Summaries are drawn for the roomy density only; rows that came without get theirs when it is chosen. */
async function summaries() {
  const section = list();
  if (!section || one(".row .sum", section)) return;
  const { scope, show, order } = section.dataset;
  try {
    const drawn = fragment(await piece(`/list?${new URLSearchParams({ scope, show, order })}`));
    for (const summary of all(".row .sum", drawn)) {
      const row = rowOf(idOf(summary.closest(".row")));
      row?.insertBefore(summary, one(".acts", row));
    }
  } catch (error) {
    complain(error);
  }
}

export function layout() {
  const value = root.dataset.layout === "beside" ? "place" : "beside";
  root.dataset.layout = value;
  remount();
  toast(value === "beside" ? "Entries open beside the list" : "Entries open in place");
  return keep({ layout: value });
}

/** The sidebar comes and goes for this tab; it is no preference of the account. */
export function sidebar() {
  const hidden = root.toggleAttribute("data-no-sidebar");
  sessionStorage.setItem("evantr.sidebar", hidden ? "hidden" : "");
}

function apply({ text_size: size, text_face: face, text_width: width }) {
  if (size) root.style.setProperty("--text-size", `${size}px`);
  if (width) root.style.setProperty("--measure", `${width}ch`);
  if (face) root.dataset.face = face;
}

/** The form of text settings in the entry's bar: each change shows on the text itself. */
export function start(form) {
  form.addEventListener("input", () => {
    const data = new FormData(form);
    const changes = { text_size: Number(data.get("text_size")), text_face: data.get("text_face"), text_width: Number(data.get("text_width")) };
    apply(changes);
  });
  form.addEventListener("change", () => {
    const data = new FormData(form);
    keep({ text_size: Number(data.get("text_size")), text_face: data.get("text_face"), text_width: Number(data.get("text_width")) });
  });
}
