/** Comments and hearts under an entry, drawn anew when somebody says something. */
import { refresh } from "./inplace.js";

export function start(section) {
  const look = ({ detail }) => {
    if (!section.isConnected) removeEventListener("evantr:talk", look);
    else if (Number(section.dataset.share) === detail.share_id) refresh(section);
  };
  addEventListener("evantr:talk", look);
}
