/** The sheet of shortcuts as a dialog, from the page that shows it without script. */
import { piece } from "./api.js";
import { dialog } from "./dialog.js";
import { fragment } from "./dom.js";
import { complain } from "./toast.js";

export async function open() {
  if (document.querySelector("dialog[open]")) return;
  try {
    dialog("Keyboard", {}, fragment(await piece("/keys")));
  } catch (error) {
    complain(error);
  }
}
