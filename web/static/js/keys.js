/**
 * Shortcuts. The table is the server's (the sheet is drawn from the same one): letters match by position, so that
 * they work on any layout; ? / + . # by character, since they sit elsewhere on each.
 */
import { one, root } from "./dom.js";

const typing = "input:not([type=checkbox],[type=radio],[type=button],[type=submit]),textarea,select,[contenteditable]";
const wait = 1200; // between G and the letter after it
const table = new Map();
let pending = "";
let timer = 0;

/** "shift+a", "g s", "ctrl+k", "?" → the form that `pressed` gives. */
const normal = (keys) => keys.toLowerCase().replace("⇧", "shift+");

/** What was pressed, written as the table writes it; "" for keys that are none of ours. */
export function pressed(event) {
  if (event.altKey || event.metaKey && !event.ctrlKey && event.code !== "KeyK") return "";
  const ctrl = event.ctrlKey || event.metaKey;
  const shift = event.shiftKey ? "shift+" : "";
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase();
  if (ctrl) return letter ? `ctrl+${shift}${letter}` : "";
  if ("?/+.#".includes(event.key) && event.key.length === 1) return event.key;
  if (letter) return shift + letter;
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  if (digit && !shift) return digit;
  return { " ": `${shift}space`, Enter: `${shift}enter`, Escape: "esc" }[event.key] ?? "";
}

function forget() {
  clearTimeout(timer);
  pending = "";
}

function isPrefix(keys) {
  return [...table.keys()].some((known) => known.startsWith(`${keys} `));
}

/** Whether a key has to be left to what has the focus: text fields, open dialogs, buttons and links for Enter. */
function spoken(event, keys) {
  if (keys === "ctrl+k") return false;
  const at = event.target.closest?.(typing);
  if (at) return true;
  if (document.querySelector("dialog[open]")) return true;
  const own = event.target.closest?.("a,button,summary,input,audio,video");
  if (keys === "enter") return Boolean(own);
  return keys.endsWith("space") && Boolean(own && !own.closest(".row h2"));
}

/** The commands come with the first key pressed. */
async function press(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const keys = pressed(event);
  if (!keys || spoken(event, keys)) return;
  const whole = pending ? `${pending} ${keys}` : keys;
  forget();
  const command = table.get(whole);
  if (!command && !isPrefix(whole)) return;
  event.preventDefault();
  if (command) return (await import("./commands.js")).commands[command](event);
  pending = whole;
  timer = setTimeout(forget, wait);
}

export function start() {
  const data = one("#keys-table");
  if (!data || root.dataset.keys === "off") return;
  for (const row of JSON.parse(data.textContent)) for (const keys of row.keys) table.set(normal(keys), row.act);
  addEventListener("keydown", press);
}
