/** The counts above and below the rows: title line, bar, health filters, and the tab's own mark. */
import { byId, setText } from './page.js';
import { HEALTHS } from './sort.js';

/** Screen readers hear of changed counts at most this often. */
const SPOKEN_EVERY = 10_000;

export class Summary {
  #config;
  #texts;
  #tab;
  #spokenAt = -Infinity;
  #title = document.title;

  /** @param {TabMark} tab whose own title and icon it sets */
  constructor(config, texts, tab) {
    this.#config = config;
    this.#tab = tab;
    this.#texts = texts;
  }

  /**
   * @param {RowIndex} index
   * @param {Iterable<object>} rows all of them
   * @param {object} view `{health}` as in the URL
   * @param {boolean} known whether all rows of a namespace have come: before that, a count would be a guess
   */
  draw(index, rows, view, known) {
    const { counts } = index;
    setText(byId('summary'), known ? this.#line(index, rows) : '');
    for (const health of HEALTHS) {
      byId(`bar-${health}`).style.flexGrow = String(counts[health]);
      byId(`bar-${health}`).hidden = !known || counts[health] === 0;
      setText(byId(`count-${health}`), known ? this.#texts.number(counts[health]) : '–');
      byId(`chip-${health}`).setAttribute('aria-pressed', String(view.health.has(health)));
    }
    const shown = { shown: index.matching, count: index.size };
    setText(byId('shown'), known ? this.#texts.ui('shown_of', shown) : '');
    if (known) {
      this.#mark(counts);
      this.#speak(counts, index.size);
    }
  }

  #line(index, rows) {
    const owners = new Set();
    const nodes = new Set();
    for (const { owner, node, namespace } of rows) {
      if (owner !== null) {
        owners.add(`${namespace}/${owner.kind}/${owner.name}`);
      }
      if (node !== null) {
        nodes.add(node);
      }
    }
    return [
      this.#texts.ui('pods', { count: index.size }),
      this.#texts.ui('owners', { count: owners.size }),
      this.#texts.ui('nodes', { count: nodes.size }),
    ].join(' · ');
  }

  #mark(counts) {
    const health = HEALTHS.find((one) => counts[one] > 0) ?? 'running';
    const title = counts.failing > 0 ? `(${this.#texts.number(counts.failing)}) ${this.#title}` : this.#title;
    this.#tab.set(title, this.#config.icons[health]);
  }

  #speak(counts, size) {
    const now = performance.now();
    if (now - this.#spokenAt >= SPOKEN_EVERY) {
      this.#spokenAt = now;
      const text = this.#texts.ui('spoken', { count: size, ...counts });
      setText(byId('spoken'), text);
    }
  }
}
