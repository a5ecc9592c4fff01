/** A native player that goes on where it was left. */

const kept = (player) => `evantr.at.${player.currentSrc || player.src}`;

export function start(player) {
  player.addEventListener("loadedmetadata", () => {
    const at = Number(localStorage.getItem(kept(player)));
    if (at > 5 && at < player.duration - 5) player.currentTime = at;
  });
  player.addEventListener("pause", () => localStorage.setItem(kept(player), String(Math.floor(player.currentTime))));
  player.addEventListener("ended", () => localStorage.removeItem(kept(player)));
}
