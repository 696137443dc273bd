/**
 * The palette: clusters, namespaces, saved views and the page's actions, found by a few letters. What one may
 * see is asked for anew each time it opens (paletteopener.js).
 */
import { Commands } from './commands.js';
import { byId, readSetup, setText } from './page.js';
import { Choice, addressOf, entry, offered, placesOf, viewsOf } from './palettelist.js';
import { drawOptions } from './paletteoptions.js';
import { fetchViews } from './viewsapi.js';

const WITHIN = 8000;
const FAR = 10;

export class Palette {
  #dialog = byId('palette');
  #field = byId('palette-q');
  #list = byId('palette-list');
  #setup;
  #commands;
  #choice;
  /** What there is, once it has come; null before, and where it does not come. */
  #places = null;
  #views = [];
  #loading = null;
  #offer = { options: [], all: 0 };
  #active = 0;
  /** Whether the arrows were used last: then Space chooses, and is not typed. */
  #moving = false;

  /** Of the page that it is on. */
  constructor() {
    this.#setup = readSetup();
    this.#commands = new Commands(byId('palette-commands'));
    this.#field.addEventListener('input', () => this.#typed());
    this.#field.addEventListener('keydown', (event) => this.#key(event));
    // A press on an option must not take the focus from the field before its click comes.
    this.#list.addEventListener('mousedown', (event) => event.preventDefault());
    this.#list.addEventListener('click', (event) => this.#clicked(event));
  }

  /** The dialog has opened: there may be something in its field already. */
  begin() {
    const { cluster = null, namespaces = [], pod } = this.#setup.config;
    this.#choice = new Choice(cluster, pod === undefined ? namespaces : [], Number(this.#dialog.dataset.most));
    this.#commands.read();
    setText(byId('palette-said'), '');
    this.#draw(0);
    this.#load();
  }

  // ---- what there is

  async #load() {
    const { overview, views } = this.#dialog.dataset;
    const asked = Promise.all([fetchOverview(overview), views === undefined ? [] : fetchViews(views)]);
    this.#loading = asked;
    const [clusters, found] = await asked;
    if (this.#loading !== asked) {
      return; // It was opened again meanwhile.
    }
    this.#loading = null;
    const { cluster = null } = this.#setup.config;
    const words = { all: this.#say('all'), namespace: this.#say('kind_namespace'), cluster: this.#say('kind_cluster') };
    this.#places = clusters === null ? null : placesOf(clusters, cluster, words);
    this.#views = viewsOf(found ?? [], { view: this.#say('kind_view') });
    this.#draw(this.#moving ? this.#active : 0);
  }

  #entries() {
    const { namespaces, changed } = this.#choice;
    const names = namespaces.join(', ');
    const chosen = changed && namespaces.length > 0 ? [entry('open', this.#say('open_chosen', { names }))] : [];
    return [...chosen, ...this.#views, ...(this.#places ?? []), ...this.#commands.entries(this.#say('kind_action'))];
  }

  #say(key, fields = {}) {
    return this.#setup.texts.sentence('palette', key, fields);
  }

  // ---- the list

  #typed() {
    this.#moving = false;
    this.#draw(0);
  }

  #draw(active) {
    this.#offer = offered(this.#field.value, this.#entries());
    const { options, all } = this.#offer;
    drawOptions(this.#list, options, {
      chosen: (one) => one.kind === 'namespace' && this.#choice.has(one),
      say: (key, fields) => this.#say(key, fields),
    });
    this.#field.setAttribute('aria-expanded', options.length > 0);
    this.#activate(Math.min(active, options.length - 1));
    const more = options.length < all ? this.#say('more', { shown: options.length, all }) : '';
    setText(byId('palette-more'), more);
    this.#drawNote(options.length);
  }

  /** What is said under the list where it is not all there is. */
  #drawNote(count) {
    const failed = this.#places === null && this.#loading === null;
    const waiting = this.#places === null && this.#loading !== null;
    const key = waiting ? 'loading' : failed ? 'failed' : count === 0 ? 'none' : null;
    byId('palette-note').hidden = key === null;
    setText(byId('palette-note'), key === null ? '' : this.#say(key));
  }

  #activate(at) {
    this.#list.children[this.#active]?.setAttribute('aria-selected', 'false');
    this.#active = Math.max(at, 0);
    const option = this.#list.children[this.#active];
    if (option === undefined) {
      this.#field.removeAttribute('aria-activedescendant');
    } else {
      option.setAttribute('aria-selected', 'true');
      option.scrollIntoView({ block: 'nearest' });
      this.#field.setAttribute('aria-activedescendant', option.id);
    }
  }

  #move(step) {
    const { length } = this.#list.children;
    this.#moving = true;
    if (length > 0) {
      const far = Math.abs(step) > 1;
      const to = this.#active + step;
      this.#activate(far ? Math.max(0, Math.min(length - 1, to)) : (to + length) % length);
    }
  }

  // ---- choosing

  #follow(at) {
    const chosen = this.#offer.options[at]?.entry;
    if (chosen === undefined) {
      return;
    }
    this.#dialog.close();
    const { pods, home } = this.#dialog.dataset;
    const search = location.pathname === pods ? location.search : '';
    const actions = {
      open: () => this.#go(addressOf(pods, this.#choice.cluster, this.#choice.namespaces, search)),
      all: () => this.#go(addressOf(pods, chosen.cluster, ['*'], search)),
      namespace: () => this.#go(addressOf(pods, chosen.cluster, [chosen.namespace], search)),
      cluster: () => this.#go(`${home}#${chosen.cluster}`),
      view: () => this.#go(chosen.address),
      link: () => this.#go(chosen.address),
      action: () => chosen.run(),
    };
    actions[chosen.kind]();
  }

  #go(address) {
    location.assign(address);
  }

  /** Adds a namespace to those that are being chosen, or takes it away again. */
  #toggle(at) {
    const chosen = this.#offer.options[at]?.entry;
    if (chosen?.kind !== 'namespace') {
      return;
    }
    const { most } = this.#choice;
    if (!this.#choice.toggle(chosen)) {
      setText(byId('palette-said'), this.#say('too_many', { most }));
      return;
    }
    const key = this.#choice.has(chosen) ? 'added' : 'taken';
    setText(byId('palette-said'), this.#say(key, { name: chosen.namespace, count: this.#choice.namespaces.length }));
    this.#field.value = '';
    this.#moving = false;
    this.#draw(0);
  }

  #clicked(event) {
    const option = event.target.closest('[role=option]');
    const at = [...this.#list.children].indexOf(option);
    if (option !== null && (event.ctrlKey || event.metaKey || event.target.closest('.add') !== null)) {
      this.#toggle(at);
    } else if (option !== null) {
      this.#follow(at);
    }
  }

  // ---- keys

  #key(event) {
    const adding = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
    const action = {
      ArrowDown: () => this.#move(1),
      ArrowUp: () => this.#move(-1),
      PageDown: () => this.#move(FAR),
      PageUp: () => this.#move(-FAR),
      Enter: () => (adding ? this.#toggle(this.#active) : this.#follow(this.#active)),
      ' ': this.#moving ? () => this.#toggle(this.#active) : undefined,
    }[event.key];
    if (action !== undefined && !event.isComposing) {
      event.preventDefault();
      action();
    }
  }
}

/** The clusters and namespaces that this person may see; null where the portal does not tell. */
async function fetchOverview(address) {
  try {
    const answer = await fetch(address, { credentials: 'same-origin', signal: AbortSignal.timeout(WITHIN) });
    return answer.ok ? (await answer.json()).clusters : null;
  } catch {
    return null; // The palette says that the list did not come; its actions are there.
  }
}
