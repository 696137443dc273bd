/**
 * What is waited for, kept by the browser for all tabs of one person.
 *
 * A change is made to what is kept at that moment, under a lock of the browser's where it has one (it has none over
 * plain HTTP), so that of two tabs that see the same only one finds it there.
 */
import { isCurrent, readWatches } from './tellme.js';

export class TellStore {
  #key;
  #kept = '[]';
  #watches;

  /** @param {string} person whose they are: another one at the same browser has others */
  constructor(person) {
    this.#key = `tellme ${person}`;
    this.#watches = this.#read();
  }

  /** Those that are not too old by now. */
  get watches() {
    const now = Date.now();
    return this.#watches.filter((one) => isCurrent(one, now));
  }

  /** Calls `listener` when another tab has changed them. */
  listen(listener) {
    addEventListener('storage', ({ key }) => {
      if (key === this.#key) {
        this.#watches = this.#read();
        listener();
      }
    });
  }

  /** Puts `change(watches)` in their place; without the lock where the browser refuses it. */
  async change(change) {
    let done = false;
    const work = () => {
      done = true;
      this.#watches = change(this.#read());
      this.#write();
    };
    try {
      await navigator.locks?.request(this.#key, work);
    } catch {
      // A page that is being left, or has no origin of its own, gets none.
    }
    if (!done) {
      work();
    }
  }

  #read() {
    let text = this.#kept;
    try {
      text = localStorage.getItem(this.#key);
    } catch {
      // A browser that keeps nothing: they last as long as the page.
    }
    return readWatches(text, Date.now());
  }

  #write() {
    this.#kept = JSON.stringify(this.#watches);
    try {
      localStorage.setItem(this.#key, this.#kept);
    } catch {
      // Likewise.
    }
  }
}
