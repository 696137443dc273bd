/**
 * Tells a reader once what they wait for: by a notification where the browser may show one, in the tab's title and
 * icon, and on the page.
 *
 * Looks at rows only while the feed is live or polled: what is stale tells nothing. That a pod is gone is told after
 * the API has said so, for a row may also leave a filter, or the right to see it may end.
 */
import { added, judged, newWatch } from './tellme.js';
import { TellStore } from './tellstore.js';
import { byId, setText } from './page.js';
import { podAddress } from './url.js';

/** A pod that is not among the rows is asked about again after this, and then each time after twice as long. */
const ASK_AFTER = 30_000;
const ASK_AT_LEAST_EVERY = 600_000;
const WITHIN = 10_000;
/** So many notices stand on the page, the newest. */
const NOTICES = 5;

export class Telling {
  #page;
  #tab;
  #changed;
  #store;
  /** By watch, when it may be asked about again, and how long after that once more. */
  #asked = new Map();
  #asking = false;
  #telling = new Set();

  /**
   * @param {{config: object, texts: Texts, live: Live}} page
   * @param {TabMark} tab
   * @param {() => void} changed what is waited for is another
   */
  constructor(page, tab, changed) {
    this.#page = page;
    this.#tab = tab;
    this.#changed = changed;
    this.#store = new TellStore(page.config.person);
    this.#store.listen(changed);
  }

  /** What is waited for, in all clusters. */
  get watches() {
    return this.#store.watches;
  }

  /** Whether this very page has to look for something, also while it is hidden. */
  get waits() {
    return this.watches.some((watch) => this.#covers(watch));
  }

  /** @param {{kind: string, state: object}} subject a pod with its row, or another kind with its rollout */
  async add({ kind, state }, want) {
    const watch = newWatch({ cluster: this.#page.config.cluster, kind, state }, want, Date.now());
    await this.#store.change((watches) => added(watches, watch));
    this.#changed();
    this.look();
  }

  async remove(wanted) {
    await this.#store.change((watches) => watches.filter(({ id }) => id !== wanted));
    this.#changed();
  }

  /** The rows or the feed changed. */
  look() {
    const { live } = this.#page;
    if (this.watches.length === 0 || !['live', 'polling'].includes(live.view().state)) {
      return;
    }
    for (const watch of this.watches.filter((one) => this.#covers(one))) {
      const state = this.#stateOf(watch);
      if (state !== undefined) {
        this.#seen(watch);
        this.#judge(watch, state);
      } else if (watch.kind === 'Pod') {
        this.#askAbout(watch);
      }
    }
  }

  #covers({ cluster, namespace }) {
    const { config } = this.#page;
    return cluster === config.cluster && ['*', namespace].some((one) => config.namespaces.includes(one));
  }

  #stateOf({ kind, uid, namespace, name }) {
    const { live } = this.#page;
    return kind === 'Pod' ? live.state.rows.get(uid) : live.state.rollouts.get(namespace, kind, name);
  }

  #judge(watch, state) {
    const { watch: next, told } = judged(watch, state);
    if (told !== null) {
      this.#tell(watch, told);
    } else if (next !== watch) {
      this.#store.change((watches) => watches.map((one) => (one.id === next.id ? next : one)));
    }
  }

  /** Tells it, unless another tab did: who takes it out of what is kept tells it. */
  async #tell(watch, told) {
    if (this.#telling.has(watch.id)) {
      return;
    }
    this.#telling.add(watch.id);
    let mine = false;
    try {
      await this.#store.change((watches) => {
        const left = watches.filter(({ id, at }) => id !== watch.id || at !== watch.at);
        mine = left.length < watches.length;
        return left;
      });
    } finally {
      this.#telling.delete(watch.id);
    }
    if (mine) {
      this.#announce(watch, told);
    }
    this.#changed();
  }

  /** One that leaves the rows once more is asked about as at first. */
  #seen({ id }) {
    const asked = this.#asked.get(id);
    if (asked !== undefined) {
      asked.wait = ASK_AFTER;
    }
  }

  /** Asks about one pod at a time, and then about the next. */
  async #askAbout(watch) {
    const now = performance.now();
    const { due, wait } = this.#asked.get(watch.id) ?? { due: -Infinity, wait: ASK_AFTER };
    if (this.#asking || now < due) {
      return;
    }
    this.#asking = true;
    this.#asked.set(watch.id, { due: now + wait, wait: Math.min(2 * wait, ASK_AT_LEAST_EVERY) });
    let gone;
    try {
      gone = await this.#isGone(watch);
    } finally {
      this.#asking = false;
    }
    if (gone) {
      this.#asked.delete(watch.id);
      await this.#tell(watch, 'gone');
    }
    this.look();
  }

  /** Whether the API says that this very pod is no more. */
  async #isGone(watch) {
    const address = podAddress(this.#page.config.urls.detail, watch);
    try {
      const answer = await fetch(address, { credentials: 'same-origin', signal: AbortSignal.timeout(WITHIN) });
      const body = await answer.json();
      return answer.ok ? body.pod.uid !== watch.uid : body.error?.code === 'no_such_pod';
    } catch {
      return false; // not known: asked again
    }
  }

  #announce({ id, kind, namespace, name }, told) {
    const { texts } = this.#page;
    const words = texts.ui(`told_${told}`, { kind, name });
    this.#tab.tell(words);
    this.#note(words, kind === 'Pod' ? podAddress(this.#page.config.urls.pod, { namespace, name }) : null);
    notify(words, { body: namespace, tag: `${id} ${told}` });
  }

  #note(words, address) {
    const list = byId('told');
    const item = byId('told-template').content.firstElementChild.cloneNode(true);
    const [text, close] = item.children;
    setText(text, words);
    if (address !== null) {
      text.href = address;
    }
    close.addEventListener('click', () => item.remove());
    list.append(item);
    while (list.children.length > NOTICES) {
      list.firstElementChild.remove();
    }
  }
}

/** Asks for the right to show notifications, where that is still open. Only at a press of the reader's. */
export async function askForNotifications() {
  if (globalThis.Notification?.permission === 'default') {
    await Notification.requestPermission();
  }
}

/** Whether the browser would show a notification of this page. */
export function mayNotify() {
  return globalThis.Notification?.permission === 'granted';
}

function notify(words, options) {
  if (!mayNotify()) {
    return;
  }
  try {
    const shown = new Notification(words, options);
    shown.addEventListener('click', () => {
      window.focus();
      shown.close();
    });
  } catch {
    // Some browsers on phones let only service workers show them.
  }
}
