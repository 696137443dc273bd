/** The home page: counts by health of every namespace, asked for again every few seconds. */
import { bindKeys } from './keys.js';
import { byId, pageSetup, setText } from './page.js';
import { HEALTHS } from './sort.js';

const EVERY = 4000;
const WITHIN = 8000;

class HomePage {
  constructor({ config, texts }) {
    this.config = config;
    this.texts = texts;
    this.timer = null;
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
    const answers = await Promise.all(this.config.clusters.map((cluster) => this.askOne(cluster)));
    byId('counts-stale').hidden = answers.every(Boolean);
    this.again(EVERY);
  }

  async askOne({ overview }) {
    try {
      const signal = AbortSignal.timeout(WITHIN);
      const answer = await fetch(overview, { credentials: 'same-origin', signal });
      if (!answer.ok) {
        return false;
      }
      const { clusters } = await answer.json();
      clusters.forEach((cluster) => this.drawCluster(cluster));
      return true;
    } catch {
      return false; // The next round asks again; the page says meanwhile that counts are old.
    }
  }

  drawCluster({ url_name: urlName, state, namespaces }) {
    const section = document.querySelector(`[data-cluster="${CSS.escape(urlName)}"]`);
    if (section === null) {
      return;
    }
    const note = section.querySelector('[data-part=state]');
    const words = state === null ? '' : this.texts.sentence('feed', state.code, state.params, state.reason);
    setText(note, words);
    note.hidden = words === '';
    for (const namespace of namespaces) {
      this.drawCounts(this.item(section, namespace.name), namespace.counts);
    }
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
      setText(chip.querySelector('b'), String(count));
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

new HomePage(pageSetup()).start();
