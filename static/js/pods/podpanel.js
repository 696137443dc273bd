/**
 * The pod that is open beside the list: in a column of its own where there is room, else over the list.
 *
 * Which one stands in the address (`pod=`): opening it is a step of the browser's history, going on to the
 * next with the keys is not. It shows the row of that name out of the page's own live view. What draws it is loaded
 * with the first pod that is opened: the page's first rows do not wait for it.
 */
import { byId, setText } from './page.js';
import { podAddress, writeView } from './url.js';

const ROOM = '(min-width: 1200px)';

export class PodPanel {
  #page;
  #card = null;
  #loading = false;
  #dialog = byId('panel');
  #room = matchMedia(ROOM);
  #frame = null;
  #asked = null;
  #shown = null;
  #row = null;
  #goneAt = null;

  /** @param {PodsPage} page */
  constructor(page) {
    this.#page = page;
    this.#room.addEventListener('change', () => this.#stand());
    byId('panel-tell').addEventListener('click', () => page.tellMenu.show({ kind: 'Pod', state: this.#row }));
    byId('panel-close').addEventListener('click', () => this.choose(null));
    this.#dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.choose(null);
    });
    this.#dialog.addEventListener('click', (event) => this.#filter(event));
    for (const rows of ['rows', 'map']) {
      byId(rows).addEventListener('click', (event) => this.#clicked(event));
    }
  }

  /** Whether a pod is open. */
  get open() {
    return this.#shown !== null;
  }

  /** Whether this row's pod is the open one. */
  shows(row) {
    return row.uid === this.#row?.uid;
  }

  /** Opens a pod, `NAMESPACE/NAME`, or closes it with null; `step`: as a step of the browser's history. */
  choose(pod, step = true) {
    if (pod === this.#asked) {
      byId('panel-title').focus();
      return;
    }
    this.#asked = pod;
    if (pod === null && history.state?.opened) {
      history.back();
      return;
    }
    this.#page.view = { ...this.#page.view, pod };
    const address = writeView(location.search, this.#page.view) || location.pathname;
    if (pod !== null && step && !this.open) {
      history.pushState({ opened: true }, '', address);
    } else {
      history.replaceState(pod === null ? null : history.state, '', address);
    }
    this.show(pod);
  }

  /** Shows the pod that the address names. */
  show(pod) {
    this.#asked = pod;
    if (pod === this.#shown) {
      return;
    }
    const was = this.#row;
    this.#shown = pod;
    this.#row = null;
    this.#goneAt = null;
    if (pod === null) {
      this.#card?.end();
    } else {
      const [namespace, name] = pod.split('/');
      setText(byId('panel-name'), name);
      byId('panel-own').href = podAddress(this.#page.config.urls.pod, { namespace, name });
      this.#find(this.#page.live.state.rows.values());
      this.#begin();
    }
    this.#stand();
    this.#page.shown.schedule();
    this.draw();
    if (pod === null) {
      this.#giveBack(was);
    }
  }

  /** The row of the open pod; null where there is none. */
  get row() {
    return this.#goneAt === null ? this.#row : null;
  }

  /** Goes on to the row that the keys stand on. */
  follow() {
    const row = this.#page.shown.active?.row;
    if (this.open && row) {
      this.choose(`${row.namespace}/${row.name}`, false);
    }
  }

  /** @param {{upserts: object[], removes: string[]}} changes  @param {boolean} left as Live tells it */
  changed({ upserts, removes }, left) {
    if (this.#row !== null && removes.includes(this.#row.uid)) {
      if (left) {
        this.#goneAt = this.#page.live.clock.now();
      } else {
        this.#row = null;
      }
    }
    if (this.open && this.#find(upserts)) {
      this.#card?.changed();
    }
    this.draw();
  }

  /** Draws with the next animation frame. */
  draw() {
    if (this.open && this.#frame === null) {
      this.#frame = requestAnimationFrame(() => this.#drawNow());
    }
  }

  #drawNow() {
    this.#frame = null;
    byId('panel-tell').hidden = this.#row === null || this.#goneAt !== null;
    const { feedState, feedView } = this.#page;
    this.#card?.draw(this.#row, this.#goneAt, feedView.words(feedState));
  }

  #begin() {
    if (this.#card !== null) {
      this.#card.begin(...this.#shown.split('/'));
      if (this.#row !== null) {
        this.#card.changed();
      }
    } else if (!this.#loading) {
      this.#loading = true;
      this.#load();
    }
  }

  async #load() {
    try {
      const { PodCard } = await import('./podcard.js');
      const { config, texts, live } = this.#page;
      this.#card = new PodCard({ config, texts, clock: live.clock }, (term) => this.#filterAddress(term));
    } catch {
      location.assign(byId('panel-own').href); // the portal may run another release by now
      return;
    }
    if (this.open) {
      this.#begin();
      this.draw();
    }
  }

  #find(rows) {
    let found = false;
    for (const row of rows) {
      if (`${row.namespace}/${row.name}` === this.#shown) {
        this.#row = row;
        this.#goneAt = null;
        found = true;
      }
    }
    return found;
  }

  /** Beside the list, over it, or away. */
  #stand() {
    const beside = this.open && this.#room.matches;
    document.body.classList.toggle('beside', beside);
    if (this.#dialog.open && (!this.open || this.#dialog.matches(':modal') === beside)) {
      this.#dialog.close();
    }
    if (this.open && !this.#dialog.open) {
      this.#dialog[beside ? 'show' : 'showModal']();
    }
    this.#dialog.scrollTop = 0;
  }

  /** The focus goes back to the pod's row; where that left the filter meanwhile, to the row that is first in sight. */
  #giveBack(row) {
    const { index, shown } = this.#page;
    shown.active = index.get(row?.uid) ?? shown.active;
    if (index.order.length > 0) {
      shown.move(0);
    } else {
      byId('clear').focus();
    }
  }

  /** A plain click on a pod opens it here; with Ctrl and the like it is a link to its own page. */
  #clicked(event) {
    const link = event.target.closest('a[data-uid]');
    const { button, ctrlKey, metaKey, shiftKey, altKey } = event;
    if (link === null || event.defaultPrevented || button !== 0 || ctrlKey || metaKey || shiftKey || altKey) {
      return;
    }
    event.preventDefault();
    const { index, shown } = this.#page;
    shown.active = index.get(link.dataset.uid) ?? shown.active;
    this.choose(link.dataset.pod);
  }

  #filterAddress(term) {
    return writeView(location.search, { ...this.#page.view, q: term, pod: null });
  }

  /** A click on an owner or a label filters the list, which must be in sight then. */
  #filter(event) {
    const link = event.target.closest('a[data-term]');
    if (link !== null && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      const pod = this.#room.matches ? this.#shown : null;
      this.#page.setView({ q: link.dataset.term, pod });
    }
  }
}
