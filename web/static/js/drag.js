/** Dragging in the sidebar; what it takes comes when a pointer gets near. */

export function start(side) {
  let ready = null;
  const near = async () => {
    ready ??= import("./dragging.js").then((module) => { module.listen(side); return module; });
    return ready;
  };
  side.addEventListener("dragstart", (event) => event.preventDefault());
  side.addEventListener("pointerover", near, { once: true, passive: true });
  side.addEventListener("pointerdown", async (event) => (await near()).down(event));
}
