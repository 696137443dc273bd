/** The drawing of one pod's row as a card: its name, reason, facts, owners and labels. */
import { byId, nameParts, reasonOf, setShape, setText } from './page.js';
import { humanDuration, instant } from './time.js';

const NONE = '–';

export class PodFacts {
  #texts;
  #clock;
  #filterAddress;
  #owners = null;

  /** @param {(term: string) => string} filterAddress the address of the list with this filter */
  constructor(texts, clock, filterAddress) {
    this.#texts = texts;
    this.#clock = clock;
    this.#filterAddress = filterAddress;
  }

  /** The pod's owners as the portal told them, the nearest first; null where it has not yet. */
  set owners(owners) {
    this.#owners = owners;
  }

  /** @param {object} row  @param {number|null} goneAt when it went, by the server's clock */
  draw(row, goneAt) {
    const gone = goneAt !== null;
    const health = gone ? 'gone' : row.health;
    const { classList } = byId('pod-card');
    classList.toggle('bad', health === 'failing');
    classList.toggle('warn', health === 'waiting');
    classList.toggle('is-gone', gone);
    setShape(byId('pod-shape'), health);
    const { prefix, middle, tail } = nameParts(row);
    setText(byId('name-prefix'), prefix);
    setText(byId('name-middle'), middle);
    setText(byId('name-tail'), tail);
    setText(byId('fact-status'), gone ? this.#goneWords(goneAt) : row.status);
    this.#drawReason(row, gone);
    for (const [id, text] of Object.entries(this.#facts(row, goneAt))) {
      setText(byId(`fact-${id}`), text);
    }
    this.#drawOwners(row);
    this.#drawLabels(row);
  }

  #drawReason(row, gone) {
    byId('fact-why').hidden = gone || !row.why;
    if (row.why) {
      const { first, rest, next, more } = reasonOf(row, this.#texts);
      setText(byId('fact-reason'), first);
      setText(byId('fact-rest'), `${rest} ${more}`.trim());
      setText(byId('fact-next'), next);
    }
  }

  #goneWords(goneAt) {
    const time = this.#texts.time(goneAt - this.#clock.now() + Date.now());
    return this.#texts.ui('gone', { time });
  }

  #facts(row, goneAt) {
    const now = this.#clock.now();
    const created = instant(row.created);
    const last = instant(row.last_restart);
    const ago = last === null ? '' : ` ${this.#texts.ui('ago', { age: humanDuration(now - last) })}`;
    return {
      ready: row.ready,
      health: this.#texts.ui(`health_${row.health}`),
      restarts: `${row.restarts}${ago}`,
      age: created === null ? NONE : humanDuration((goneAt ?? now) - created),
      created: created === null ? NONE : this.#texts.time(created, now),
      node: row.node ?? NONE,
      ip: row.ip ?? NONE,
      uid: row.uid,
    };
  }

  #drawOwners(row) {
    const owners = this.#owners ?? (row.owner === null ? [] : [row.owner]);
    const list = byId('fact-owners');
    const items = owners.map((owner) => ({ words: owner.name, kind: owner.kind, term: ownerTerm(owner, row) }));
    this.#fill(list, items);
    byId('no-owner').hidden = owners.length > 0;
  }

  #drawLabels(row) {
    const labels = Object.entries(row.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    const items = labels.map(([key, value]) => ({ words: `${key}=${value}`, kind: '', term: labelTerm(key, value) }));
    this.#fill(byId('fact-labels'), items);
    byId('labels-cut').hidden = row.labels_cut !== true;
  }

  /** Links that filter the list, made anew where they differ. */
  #fill(list, items) {
    const signature = JSON.stringify(items);
    if (list.dataset.drawn !== signature) {
      list.dataset.drawn = signature;
      list.replaceChildren(...items.map((item) => this.#item(item)));
    }
  }

  #item({ words, kind, term }) {
    const item = document.createElement('li');
    if (kind !== '') {
      const what = item.appendChild(document.createElement('span'));
      what.className = 'k';
      what.textContent = kind;
      item.append(' ');
    }
    const name = item.appendChild(document.createElement(term === null ? 'span' : 'a'));
    name.className = 'mono';
    name.textContent = words;
    if (term !== null) {
      name.href = this.#filterAddress(term);
      name.dataset.term = term;
      name.title = term;
    }
    return item;
  }
}

function labelTerm(key, value) {
  return value === '' ? `label:${key}` : `label:${key}=${value}`;
}

/**
 * The term that finds an owner's pods. Rows tell a ReplicaSet's pods by its Deployment: there the
 * template's hash tells them apart.
 */
function ownerTerm({ kind, name }, row) {
  const hash = row.labels?.['pod-template-hash'];
  const shown = row.owner !== null && row.owner.kind === kind && row.owner.name === name;
  if (kind === 'ReplicaSet' && !shown) {
    return hash !== undefined && name.endsWith(`-${hash}`) ? labelTerm('pod-template-hash', hash) : null;
  }
  return `owner:${name}`;
}
