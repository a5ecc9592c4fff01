/** The card that a share opens: a note, another stream, take back. It goes after a while unless one is in it. */
import { call } from "./api.js";
import { make, one, phone, say, sign } from "./dom.js";
import { redraw, unshare } from "./share.js";
import { complain, toast } from "./toast.js";

const stay = 10_000;
const near = 50; // characters before the end from which the rest is shown

/** @param {HTMLElement} card the details of an entry's bar, or the card by itself */
export function start(card) {
  const { share, entry } = card.dataset;
  const form = one("[data-note]", card);
  const note = one("textarea", card);
  let timer = 0;
  const close = () => {
    clearTimeout(timer);
    const inside = card.contains(document.activeElement);
    if (card.matches("details")) card.open = false;
    else card.remove();
    if (inside) one("summary", card)?.focus();
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (!card.matches(":focus-within, :hover")) close(); else wait(); }, stay);
  };
  const left = () => {
    const rest = note.maxLength - note.value.length;
    one(".left", card).textContent = rest <= near ? `${rest} left` : "";
  };
  note.addEventListener("input", left);
  note.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(one(".main", form)); });
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.submitter?.value === "unshare") { close(); return unshare(Number(share), Number(entry)); }
    const stream = Number(one("select", form)?.value || 0);
    try {
      const text = note.value.trim();
      await call("PATCH", `/shares/${share}`, { note: text });
      if (stream && stream !== Number(card.dataset.stream)) {
        // Into the other one first: should this end here, it is shared twice and not lost.
        const moved = await call("POST", "/shares", { entry_id: Number(share), stream_id: stream, note: text });
        await call("DELETE", `/shares/${share}`);
        toast(moved.label);
      } else toast(text ? "Note kept" : "Without a note");
      close();
      await redraw(Number(entry));
    } catch (error) {
      complain(error);
      note.focus();
    }
  });
  if (!card.matches("details")) {
    one(".by", card).append(make("button", { class: "ib x", type: "button", "aria-label": "Close", title: "Close (Esc)", click: close }, sign("close", "i s")));
    say("Shared. A card offers a note.");
  }
  if (!card.matches("details") || card.open) wait();
  if (phone.matches) card.addEventListener("toggle", () => card.open && wait());
}
