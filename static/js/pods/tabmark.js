/** The tab's title and icon: the page's own, and over them what the reader waited for, until they visit the page. */
import { byId } from './page.js';

const VISITS = ['pointerdown', 'pointermove', 'keydown'];

export class TabMark {
  #icon;
  #own = { title: document.title, icon: null };
  #told = null;

  /** @param {string} icon the address of the icon for what is told */
  constructor(icon) {
    this.#icon = icon;
    VISITS.forEach((event) => addEventListener(event, () => this.#visited(), { passive: true }));
    addEventListener('focus', () => this.#visited());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#visited());
  }

  /** The page's own title and icon. */
  set(title, icon) {
    this.#own = { title, icon };
    this.#draw();
  }

  /** Shows `words` until the reader visits the page. */
  tell(words) {
    this.#told = words;
    this.#draw();
  }

  #visited() {
    if (this.#told !== null) {
      this.#told = null;
      this.#draw();
    }
  }

  #draw() {
    const { title, icon } = this.#own;
    const wanted = this.#told === null ? title : `● ${this.#told} — k8sportal`;
    if (document.title !== wanted) {
      document.title = wanted;
    }
    const link = byId('tab-icon');
    this.#own.icon ??= link.getAttribute('href');
    const shown = this.#told === null ? (icon ?? this.#own.icon) : this.#icon;
    if (link.getAttribute('href') !== shown) {
      link.setAttribute('href', shown);
    }
  }
}
