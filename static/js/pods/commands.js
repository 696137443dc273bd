/**
 * The actions of a page, for the palette: each an item of a hidden list that says which of the page's own
 * controls is pressed (`data-press`), or what is chosen in one (`data-choose`, `data-value`), in which menu
 * it stands (`data-in`), or where it leads (`data-go`, with `data-view` by the page's own query). A control that the page does not have now is left out.
 */
import { entry } from './palettelist.js';

export class Commands {
  #items;
  #found = [];

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#items = [...list.children];
  }

  /** Looks which controls are there. */
  read() {
    this.#found = this.#items.filter(({ dataset }) => dataset.go !== undefined || usable(dataset.press ?? dataset.choose));
  }

  /** As entries of the palette; `word` says what they are. */
  entries(word) {
    return this.#found.map(({ dataset, textContent }) => {
      const text = textContent.trim();
      const also = `${word} ${dataset.also ?? ''}`;
      return dataset.go === undefined
        ? entry('action', text, also, { hint: word, run: () => run(dataset) })
        : entry('link', text, also, { hint: word, address: dataset.go + (dataset.view === undefined ? '' : location.search) });
    });
  }
}

function usable(selector) {
  const control = document.querySelector(selector);
  return control !== null && control.closest('[hidden]') === null;
}

function run({ press, choose, value, in: menu }) {
  if (menu !== undefined) {
    document.querySelector(menu).open = true;
  }
  const control = document.querySelector(press ?? choose);
  if (press !== undefined) {
    control.click();
  } else {
    control.value = value;
    control.dispatchEvent(new Event('change', { bubbles: true }));
  }
}
