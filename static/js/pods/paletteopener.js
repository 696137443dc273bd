/**
 * Opens the palette on every page, by its button and by Ctrl-K, on Apple's by Cmd-K: there Ctrl-K deletes in every text
 * field. What it is made of is loaded with its first opening: until then what is typed stands in its field.
 */
import { byId } from './page.js';

const APPLE = /^(mac|iphone|ipad)/i.test(navigator.userAgentData?.platform ?? navigator.platform);

class PaletteOpener {
  #dialog = byId('palette');
  #field = byId('palette-q');
  #palette = null;

  start() {
    const button = byId('palette-open');
    button.hidden = false;
    button.addEventListener('click', () => this.#open());
    if (APPLE) {
      document.querySelectorAll('[data-modifier]').forEach((key) => (key.textContent = '⌘'));
    }
    document.addEventListener('keydown', (event) => this.#shortcut(event));
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.#dialog.close());
  }

  #shortcut(event) {
    const [wanted, other] = APPLE ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
    if (wanted && !other && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      if (this.#dialog.open) {
        this.#dialog.close();
      } else {
        this.#open();
      }
    }
  }

  async #open() {
    document.querySelectorAll('details.menu[open]').forEach((menu) => (menu.open = false));
    this.#field.value = '';
    this.#dialog.showModal();
    this.#field.focus();
    try {
      const { Palette } = await import('./palette.js');
      this.#palette ??= new Palette();
    } catch {
      location.assign(this.#dialog.dataset.home); // The portal is of another release, or away: its home says so.
      return;
    }
    if (this.#dialog.open) {
      this.#palette.begin();
    }
  }
}

new PaletteOpener().start();
