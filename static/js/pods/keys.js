/**
 * Keys of a page: single characters and named keys, never while typing and never with Ctrl, Alt or
 * Meta, which belong to the browser.
 */

/**
 * @param {Object<string, (event: KeyboardEvent) => void>} actions by `event.key`
 * @param {Document} page
 */
export function bindKeys(actions, page = document) {
  page.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (Object.hasOwn(actions, event.key) && !isTyping(event.target)) {
      actions[event.key](event);
    }
  });
}

/** Whether keys pressed in `element` are text, or work a control of its own. The open pod belongs to the list. */
export function isTyping(element) {
  return element instanceof Element && element.closest('input, textarea, select, dialog:not(#panel)') !== null;
}
