/** Which headers the reader opened or closed, kept for as long as the tab lives. */

/** More than this are forgotten, the oldest first. */
const MOST = 300;

export class Folds extends Map {
  #key;

  /** @param {string} name under which they are kept: folds of another cluster are others */
  constructor(name) {
    super();
    this.#key = `folds ${name}`;
    for (const [id, open] of read(this.#key)) {
      super.set(id, open);
    }
  }

  set(id, open) {
    this.delete(id); // so that it is the newest
    super.set(id, open);
    this.#keep();
    return this;
  }

  #keep() {
    while (this.size > MOST) {
      this.delete(this.keys().next().value);
    }
    try {
      sessionStorage.setItem(this.#key, JSON.stringify([...this]));
    } catch {
      // A browser that keeps nothing: they last as long as the page.
    }
  }
}

function read(key) {
  try {
    const pairs = JSON.parse(sessionStorage.getItem(key) ?? '[]');
    return pairs.filter(([id, open]) => typeof id === 'string' && typeof open === 'boolean');
  } catch {
    return [];
  }
}
