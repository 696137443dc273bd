/** Small helpers for what is drawn from templates. */

/** The elements in `root` by their `data-part`. */
export function partsOf(root) {
  const parts = [...root.querySelectorAll('[data-part]')];
  return Object.fromEntries(parts.map((part) => [part.dataset.part, part]));
}

/** Puts the roots of what is drawn into `body` in their order, moving only those that are not in it. */
export function placeInOrder(body, drawn) {
  let before = body.firstElementChild;
  for (const { root } of drawn) {
    if (root === before) {
      before = before.nextElementSibling;
    } else {
      body.insertBefore(root, before);
    }
  }
}
