/**
 * The home page: counts by health of every namespace, asked for again every few seconds. Each cluster
 * is asked for by itself, so that one that hangs holds up no other; what clusters there are is asked
 * apart, and more seldom. Where the answer is another page than this one, the page is loaded anew.
 */
import { bindKeys } from './keys.js';
import { byId, setText, startPage } from './page.js';
import { HEALTHS } from './sort.js';

const EVERY = 4000;
const WITHIN = 8000;
/** Every so many rounds it is asked what clusters there are; in each one where there is none. */
const LOOK_AROUND = 4;

class HomePage {
  constructor({ config, texts }) {
    this.config = config;
    this.texts = texts;
    this.timer = null;
    this.round = 0;
    this.list = byId('clusters');
  }

  start() {
    document.addEventListener('visibilitychange', () => this.again(0));
    addEventListener('pageshow', (event) => event.persisted && this.again(0));
    byId('find')?.addEventListener('input', () => this.narrow());
    bindKeys({
      '/': (event) => {
        event.preventDefault();
        byId('find')?.focus();
      },
    });
    this.again(0);
  }

  again(delay) {
    clearTimeout(this.timer);
    if (document.visibilityState === 'visible') {
      this.timer = setTimeout(() => this.ask(), delay);
    }
  }

  async ask() {
    const { clusters } = this.config;
    const requests = clusters.map(({ overview }) => this.askOne(overview));
    if (this.round % LOOK_AROUND === 0 || clusters.length === 0) {
      requests.push(this.lookAround());
    }
    this.round += 1;
    const answers = await Promise.all(requests);
    byId('counts-stale').hidden = answers.slice(0, clusters.length).every(Boolean);
    this.again(EVERY);
  }

  /** One cluster's counts; whether they came. */
  async askOne(address) {
    const clusters = await this.fetch(address);
    if (clusters?.length === 0) {
      location.reload();
    }
    clusters?.forEach((cluster) => this.drawCluster(cluster));
    return clusters !== null;
  }

  /** Clusters that have come to be open to this person. */
  async lookAround() {
    const clusters = await this.fetch(this.list.dataset.overview);
    if (clusters?.some(({ url_name: urlName }) => this.section(urlName) === null)) {
      location.reload();
    }
    return clusters !== null;
  }

  async fetch(address) {
    try {
      const signal = AbortSignal.timeout(WITHIN);
      const answer = await fetch(address, { credentials: 'same-origin', signal });
      return answer.ok ? (await answer.json()).clusters : null;
    } catch {
      return null; // The next round asks again; the page says meanwhile that counts are old.
    }
  }

  section(urlName) {
    return document.querySelector(`[data-cluster="${CSS.escape(urlName)}"]`);
  }

  drawCluster({ url_name: urlName, state, namespaces }) {
    const section = this.section(urlName);
    if (section === null) {
      return;
    }
    const note = section.querySelector('[data-part=state]');
    const words = state === null ? '' : this.texts.sentence('feed', state.code, state.params, state.reason);
    setText(note, words);
    note.hidden = words === '';
    this.dropOthers(section, new Set(namespaces.map(({ name }) => name)));
    for (const namespace of namespaces) {
      this.drawCounts(this.item(section, namespace.name), namespace.counts);
    }
  }

  /** Takes away the namespaces that this person may not see any more. */
  dropOthers(section, names) {
    const items = [...section.querySelectorAll('[data-namespace]')];
    if (items.length > 0 && names.size === 0) {
      location.reload(); // The page has words for a cluster without any.
    }
    items.filter((item) => !names.has(item.dataset.namespace)).forEach((item) => item.remove());
  }

  /** The namespace's item; one that the cluster got since the page was made takes its place by name. */
  item(section, name) {
    const known = section.querySelector(`[data-namespace="${CSS.escape(name)}"]`);
    if (known !== null) {
      return known;
    }
    const item = byId('namespace-template').content.firstElementChild.cloneNode(true);
    item.dataset.namespace = name;
    const link = item.querySelector('a');
    link.textContent = name;
    link.href = section.dataset.pattern.replace('__namespace__', encodeURIComponent(name));
    const list = section.querySelector('.namespaces');
    list.querySelector('.none')?.remove();
    const after = [...list.children].find((other) => other.dataset.namespace > name) ?? null;
    list.insertBefore(item, after);
    return item;
  }

  drawCounts(item, counts) {
    item.classList.toggle('unknown', counts === null);
    for (const health of HEALTHS) {
      const count = counts?.[health] ?? 0;
      const bar = item.querySelector(`[data-bar=${health}]`);
      bar.style.flexGrow = String(count);
      bar.hidden = count === 0;
      const chip = item.querySelector(`[data-count=${health}]`);
      chip.hidden = counts === null || count === 0;
      setText(chip.querySelector('b'), this.texts.number(count));
    }
    const all = counts === null ? null : HEALTHS.reduce((sum, health) => sum + (counts[health] ?? 0), 0);
    const total = item.querySelector('[data-part=total]');
    setText(total, all === null ? this.texts.ui('counts_unknown') : this.texts.ui('pods', { count: all }));
  }

  narrow() {
    const wanted = byId('find').value.trim().toLowerCase();
    for (const item of document.querySelectorAll('[data-namespace]')) {
      item.hidden = !item.dataset.namespace.includes(wanted);
    }
  }
}

startPage(HomePage);
