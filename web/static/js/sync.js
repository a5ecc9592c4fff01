/** Rows that were marked elsewhere: asks what is unread now and draws the rows on the page so, where they stand. */
import { get } from "./api.js";
import { all } from "./dom.js";
import { idOf, isUnread, list, paint, shiftHead } from "./rows.js";

const most = 200;
const pause = 3000;
let next = 0;
let planned = 0;

async function run() {
  planned = 0;
  next = performance.now() + pause;
  const { scope } = list().dataset;
  try {
    const page = await get(`/entries?scope=${scope}&show=unread&limit=${most}&content=false`);
    const unread = new Set(page.entries.map((entry) => entry.id));
    const reach = page.next ? page.entries.at(-1).sort_at : -Infinity; // what lies beyond, this answer does not say
    for (const row of all(".rows > .row")) {
      const now = unread.has(idOf(row));
      if (now === isUnread(row) || Number(row.dataset.at) < reach) continue;
      paint(idOf(row), { read: !now });
      shiftHead(now ? 1 : -1);
    }
  } catch {
    // no connection: the counts differ again when it is back
  }
}

/** At most once in three seconds. */
export function sync() {
  if (planned || !/^(all|folder|feed)/.test(list()?.dataset.scope)) return;
  planned = setTimeout(run, Math.max(0, next - performance.now()));
}
