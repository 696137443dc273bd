/** The dialog of what a reader wants to be told, and of all that they wait for. */
import { byId, setText } from './page.js';
import { askForNotifications, mayNotify } from './telling.js';
import { wantsOf } from './tellme.js';

export class TellMenu {
  #texts;
  #telling;
  #subject = null;
  #dialog = byId('tell');

  /** @param {Texts} texts  @param {Telling} telling */
  constructor(texts, telling) {
    this.#texts = texts;
    this.#telling = telling;
    byId('waiting').addEventListener('click', () => this.show(null));
    this.draw();
  }

  /** @param {{kind: string, state: object}|null} subject null: all that is waited for alone */
  show(subject) {
    this.#subject = subject;
    this.draw();
    this.#dialog.showModal();
  }

  /** What is waited for is another. */
  draw() {
    const focused = document.activeElement;
    const key = this.#dialog.contains(focused) ? focused.dataset.key : undefined;
    const { watches } = this.#telling;
    byId('waiting').hidden = watches.length === 0;
    setText(byId('waiting'), this.#texts.ui('waiting_for', { count: watches.length }));
    this.#drawWants();
    byId('tell-list').replaceChildren(...watches.map((watch) => this.#waited(watch)));
    byId('tell-none').hidden = watches.length > 0;
    byId('tell-how').hidden = mayNotify();
    if (key !== undefined) {
      this.#focus(key);
    }
  }

  /** The focus stays at its button, though that is made anew, or goes on where it is no more. */
  #focus(key) {
    const buttons = [...this.#dialog.querySelectorAll('[data-key]:enabled')];
    const next = byId('tell-list').querySelector('button') ?? byId('tell-close');
    (buttons.find(({ dataset }) => dataset.key === key) ?? next).focus();
  }

  #drawWants() {
    const subject = this.#subject;
    byId('tell-subject').hidden = subject === null;
    setText(byId('tell-name'), subject?.state.name ?? '');
    const wants = subject === null ? [] : wantsOf(subject);
    byId('tell-wants').replaceChildren(...wants.map((want) => this.#want(want)));
  }

  #want(want) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'btn';
    button.dataset.key = want;
    button.textContent = this.#texts.ui(`want_${want}`);
    button.disabled = this.#telling.watches.some(({ id }) => id === `${this.#subject.state.uid} ${want}`);
    button.addEventListener('click', async () => {
      this.#dialog.close();
      // Asked first: browsers want it close to the press.
      await Promise.all([askForNotifications(), this.#telling.add(this.#subject, want)]);
    });
    return button;
  }

  #waited({ id, cluster, namespace, name, want }) {
    const item = byId('waited-template').content.firstElementChild.cloneNode(true);
    const [what, where, remove] = item.children;
    setText(what, this.#texts.ui(`waits_${want}`, { name }));
    setText(where, `${cluster} / ${namespace}`);
    setText(remove.firstElementChild, name);
    remove.dataset.key = id;
    remove.addEventListener('click', async () => {
      await this.#telling.remove(id);
      (byId('tell-list').querySelector('button') ?? byId('tell-close')).focus();
    });
    return item;
  }
}
