/**
 * The search box: a combobox that offers what complete.js finds, and the line under it that says
 * which word means nothing. What is typed in one go is one step of the browser's history.
 */
import { complete } from './complete.js';
import { presentValues } from './filter.js';
import { byId, setText } from './page.js';
import { parseQuery } from './query.js';

export class SearchBox {
  #page;
  #field = byId('q');
  #list = byId('q-list');
  #offer = { from: 0, to: 0, options: [] };
  #active = -1;
  #typing = false;

  /** @param {PodsPage} page whose `view` the box reads and changes, by `setView` */
  constructor(page) {
    this.#page = page;
    this.#field.addEventListener('input', () => this.#typed());
    this.#field.addEventListener('click', () => this.#field.value === '' && this.#open());
    this.#field.addEventListener('focus', () => this.#showMistakes());
    this.#field.addEventListener('blur', () => this.rest());
    this.#field.addEventListener('keydown', (event) => this.#key(event));
    // A press on an option must not take the focus from the field before its click comes.
    this.#list.addEventListener('mousedown', (event) => event.preventDefault());
    this.#list.addEventListener('click', (event) => {
      const option = event.target.closest('[role=option]');
      if (option !== null) {
        this.#accept([...this.#list.children].indexOf(option));
      }
    });
  }

  /** Draws the view that the page shows now. */
  draw() {
    const { q } = this.#page.view;
    if (this.#field.value !== q) {
      this.#field.value = q;
    }
    this.#showMistakes();
  }

  /** What comes next is another step of the history. */
  rest() {
    this.#typing = false;
    this.#close();
    this.#showMistakes();
  }

  #typed() {
    this.#page.setView({ q: this.#field.value }, !this.#typing);
    this.#typing = true;
    this.#open();
  }

  // ---- the list

  #open() {
    const { value, selectionStart } = this.#field;
    const present = (key) => presentValues(this.#page.index.rows(), key);
    this.#offer = complete(value, selectionStart, present);
    const typed = value.slice(this.#offer.from, this.#offer.to);
    this.#offer.options = this.#offer.options.filter(({ insert }) => insert.trimEnd() !== typed);
    this.#list.replaceChildren(...this.#offer.options.map(optionElement));
    this.#list.hidden = this.#offer.options.length === 0;
    this.#field.setAttribute('aria-expanded', String(!this.#list.hidden));
    this.#activate(-1);
  }

  #close() {
    this.#list.hidden = true;
    this.#field.setAttribute('aria-expanded', 'false');
    this.#activate(-1);
  }

  #activate(at) {
    this.#list.children[this.#active]?.setAttribute('aria-selected', 'false');
    this.#active = at;
    const option = this.#list.children[at];
    if (option === undefined) {
      this.#field.removeAttribute('aria-activedescendant');
    } else {
      option.setAttribute('aria-selected', 'true');
      option.scrollIntoView({ block: 'nearest' });
      this.#field.setAttribute('aria-activedescendant', option.id);
    }
  }

  /** Round through the options; the box itself, where none is active, is one of the places. */
  #move(step) {
    const places = this.#offer.options.length + 1;
    this.#activate(((this.#active + 1 + step + places) % places) - 1);
  }

  #accept(at) {
    const { from, to, options } = this.#offer;
    const { value } = this.#field;
    const rest = value.slice(to);
    const insert = /^\s/.test(rest) ? options[at].insert.trimEnd() : options[at].insert;
    this.#field.value = value.slice(0, from) + insert + rest;
    this.#field.setSelectionRange(from + insert.length, from + insert.length);
    this.#page.setView({ q: this.#field.value }, !this.#typing);
    this.#typing = true;
    if (insert.endsWith(' ')) {
      this.#close();
    } else {
      this.#open();
    }
  }

  // ---- keys

  #key(event) {
    const action = this.#list.hidden ? this.#closedKeys(event) : this.#openKeys(event);
    if (action !== undefined) {
      event.preventDefault();
      action();
    }
  }

  #openKeys({ key }) {
    const chosen = this.#active >= 0 ? this.#active : this.#begun(key);
    return {
      ArrowDown: () => this.#move(1),
      ArrowUp: () => this.#move(-1),
      Escape: () => this.#close(),
      Enter: chosen >= 0 ? () => this.#accept(chosen) : () => this.#toRows(),
      Tab: chosen >= 0 ? () => this.#accept(chosen) : undefined,
    }[key];
  }

  /** Tab finishes a word that was begun; without one it goes on to the next control. */
  #begun(key) {
    const { from, to } = this.#offer;
    return key === 'Tab' && to > from ? 0 : -1;
  }

  #closedKeys({ key, altKey }) {
    if (key === 'ArrowDown') {
      return altKey ? () => this.#open() : () => this.#toRows();
    }
    return { Enter: () => this.#toRows(), Escape: () => this.#escape() }[key];
  }

  #toRows() {
    this.#close();
    this.#page.shown.enter();
  }

  #escape() {
    if (this.#field.value === '') {
      this.#field.blur();
    } else {
      this.#page.setView({ q: '' }, false);
    }
  }

  // ---- mistakes

  /** Says what means nothing; a word that is still being typed is left alone. */
  #showMistakes() {
    const { texts, view } = this.#page;
    const typing = document.activeElement === this.#field;
    const mistakes = parseQuery(view.q).mistakes.filter(({ soft }) => !(soft && typing));
    const line = byId('q-mistake');
    const sentences = mistakes.map(({ word, code, params }) => texts.sentence('filter', code, { ...params, word }));
    line.hidden = mistakes.length === 0;
    setText(line, sentences.join(' '));
    this.#field.setAttribute('aria-invalid', String(mistakes.length > 0));
  }
}

function optionElement({ label, count }, at) {
  const item = document.createElement('li');
  item.id = `q-option-${at}`;
  item.setAttribute('role', 'option');
  item.setAttribute('aria-selected', 'false');
  item.append(label);
  if (count !== null) {
    const number = document.createElement('span');
    number.className = 'num quiet';
    number.textContent = String(count);
    item.append(number);
  }
  return item;
}
