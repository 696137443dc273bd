/** The dialog of saved views: this page's view is saved, one's own are changed, shared and deleted, all are opened. */
import { byId, readSetup, setText } from './page.js';
import { partsOf } from './parts.js';
import { ask, fetchViews } from './viewsapi.js';
import { sameView, viewQuery } from './viewstate.js';

class SavedViews {
  #dialog = byId('views');
  #name = byId('views-name');
  #shared = byId('views-shared');
  #setup;
  /** Those that are offered; null where the portal does not tell. */
  #views = [];
  /** The id of the view whose deletion has been asked for once. */
  #doomed = null;

  constructor(setup) {
    this.#setup = setup;
  }

  start() {
    byId('views-open').addEventListener('click', () => this.open());
    this.#dialog.addEventListener('click', ({ target }) => target === this.#dialog && this.#dialog.close());
    this.#name.addEventListener('input', () => this.#typed());
    byId('views-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
  }

  open() {
    this.#tell('');
    this.#name.value = '';
    this.#shared.checked = false;
    this.#doomed = null;
    this.#dialog.showModal();
    this.#refresh();
  }

  get #address() {
    return this.#dialog.dataset.views;
  }

  #query() {
    return viewQuery(location.search, this.#setup.config.cluster);
  }

  #say(key, fields = {}) {
    return this.#setup.texts.sentence('views', key, fields);
  }

  #tell(text) {
    setText(byId('views-said'), text);
  }

  async #refresh() {
    this.#views = await fetchViews(this.#address);
    this.#draw();
  }

  // ---- what can be done

  /** The view of one's own that has the name in the field. */
  #named() {
    const name = this.#name.value.split(/\s+/).filter(Boolean).join(' ');
    return this.#views?.find((view) => view.owner === null && view.name === name);
  }

  /** A name that is there already stands for its view, shared or not. */
  #typed() {
    this.#shared.checked = this.#named()?.shared ?? this.#shared.checked;
    this.#drawSave();
  }

  #save() {
    const there = this.#named();
    const given = { query: this.#query(), shared: this.#shared.checked };
    const name = this.#name.value;
    return there === undefined
      ? this.#do('POST', this.#address, { name, ...given }, 'saved', name)
      : this.#do('PATCH', this.#of(there), given, 'saved', name);
  }

  #of({ id }) {
    return `${this.#address}/${id}`;
  }

  #delete(view) {
    if (this.#doomed !== view.id) {
      this.#doomed = view.id;
      this.#draw();
      byId('views-own').querySelector('.doomed').focus();
      return;
    }
    this.#do('DELETE', this.#of(view), undefined, 'deleted', view.name);
    this.#name.focus();
  }

  async #do(method, address, body, done, name) {
    const { error } = await ask(method, address, body);
    this.#doomed = null;
    if (error === undefined) {
      this.#tell(this.#say(done, { name: name.trim() }));
    } else {
      const { texts } = this.#setup;
      this.#tell(error === null ? this.#say('failed') : texts.sentence('error', error.code, error.params, error.message));
    }
    await this.#refresh();
  }

  // ---- drawing

  #draw() {
    const views = this.#views ?? [];
    const own = views.filter(({ owner }) => owner === null);
    const others = views.filter(({ owner }) => owner !== null);
    this.#drawList('views-own', own);
    this.#drawList('views-others', others);
    byId('views-none').hidden = own.length > 0;
    setText(byId('views-none'), this.#say(this.#views === null ? 'not_told' : 'none'));
    byId('views-others-box').hidden = others.length === 0;
    this.#drawSave();
  }

  #drawSave() {
    setText(byId('views-save'), this.#say(this.#named() === undefined ? 'save' : 'update'));
  }

  /** The focus stays at the button that was pressed, though its item is made anew. */
  #drawList(id, views) {
    const { view, part } = this.#dialog.contains(document.activeElement) ? document.activeElement.dataset : {};
    byId(id).replaceChildren(...views.map((one) => this.#item(one)));
    if (view !== undefined) {
      byId(id).querySelector(`[data-view="${view}"][data-part="${part}"]`)?.focus();
    }
  }

  #item(view) {
    const item = byId('view-template').content.firstElementChild.cloneNode(true);
    const parts = partsOf(item);
    const query = this.#query();
    parts.name.href = view.href;
    setText(parts.name, view.name);
    if (sameView(view.query, query)) {
      parts.name.setAttribute('aria-current', 'true');
    }
    const note = view.owner === null ? this.#say('shared') : this.#say('shared_by', { name: view.owner });
    setText(parts.note, view.shared ? note : '');
    parts.acts.hidden = view.owner !== null;
    this.#bind(parts, view, query);
    return item;
  }

  #bind(parts, view, query) {
    const doomed = this.#doomed === view.id;
    const acts = {
      update: ['update', () => this.#do('PATCH', this.#of(view), { query }, 'saved', view.name)],
      share: [
        view.shared ? 'unshare' : 'share',
        () => this.#do('PATCH', this.#of(view), { shared: !view.shared }, 'saved', view.name),
      ],
      delete: [doomed ? 'delete_sure' : 'delete', () => this.#delete(view)],
    };
    for (const [part, [key, action]] of Object.entries(acts)) {
      const button = parts[part];
      button.dataset.view = view.id;
      setText(button, this.#say(key));
      button.setAttribute('aria-label', `${this.#say(key)}: ${view.name}`);
      button.addEventListener('click', action);
    }
    parts.delete.classList.toggle('doomed', doomed);
    parts.update.hidden = sameView(view.query, query);
  }
}

new SavedViews(readSetup()).start();
