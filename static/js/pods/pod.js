/** One pod's page: the row of that name out of its namespace's live view. */
import { attach } from './browser.js';
import { Containers } from './containers.js';
import { FeedView } from './feedview.js';
import { Live } from './live.js';
import { LogPanel } from './logpanel.js';
import { byId, nameParts, reasonOf, setShape, setText, startPage } from './page.js';
import { humanDuration, instant } from './time.js';

const NONE = '–';

/** The text in place of a pod, by the feed's state. */
const EMPTY = {
  live: 'no_such_pod',
  polling: 'no_such_pod',
  catching_up: 'loading',
  stale: 'no_rows_stale',
  signed_out: 'signed_out',
  ended: 'ended',
};

class PodPage {
  constructor({ config, texts }) {
    this.config = config;
    this.texts = texts;
    this.row = null;
    this.goneAt = null;
    this.live = new Live(config, {
      changed: (changes) => this.changed(changes),
      feed: () => this.drawFeed(),
      refused: () => this.drawFeed(),
    });
    this.feedView = new FeedView(config, texts, this.live);
    this.logs = null;
    this.containers = new Containers(config, texts, {
      detail: (pod, logs) => this.detailed(pod, logs),
      log: (container, previous) => this.logs?.show(container, previous),
    });
  }

  start() {
    attach(this.live);
    this.drawFeed();
    this.live.start();
    setInterval(() => document.visibilityState === 'visible' && this.drawFeed(), 1000);
  }

  changed({ upserts, removes }) {
    if (this.row !== null && removes.includes(this.row.uid)) {
      this.goneAt = this.live.clock.now();
    }
    const found = upserts.filter((row) => row.name === this.config.pod).at(-1);
    if (found !== undefined) {
      this.row = found;
      this.goneAt = null;
      this.containers.changed();
    }
    this.draw();
  }

  detailed(pod, logs) {
    if (logs && pod.containers.length > 0) {
      this.logs ??= new LogPanel(this.config, this.texts);
      this.logs.offer(pod.containers);
    }
  }

  drawFeed() {
    this.feedState = this.feedView.draw();
    this.draw();
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.drawRow();
    });
  }

  drawRow() {
    const may = !['signed_out', 'ended'].includes(this.feedState.state) || this.live.state.rows.size > 0;
    const shown = this.row !== null && may;
    byId('pod-card').hidden = !shown;
    byId('empty').hidden = shown;
    if (shown) {
      this.drawFacts(this.row);
    } else {
      this.drawEmpty();
    }
  }

  drawEmpty() {
    const view = this.feedState;
    const refused = view.code === 'forbidden' && view.outcome === undefined;
    const key = refused ? 'not_readable' : EMPTY[view.state];
    setText(byId('empty-title'), this.texts.ui(key, { name: this.config.pod }));
    setText(byId('empty-text'), view.state === 'ended' ? this.feedView.reason(view) : this.texts.ui(`${key}_help`));
    byId('empty-sign-in').hidden = view.state !== 'signed_out';
    byId('empty-sign-in').href = this.feedView.signInAddress();
  }

  drawFacts(row) {
    const gone = this.goneAt !== null;
    const health = gone ? 'gone' : row.health;
    const card = byId('pod-card');
    card.classList.toggle('bad', health === 'failing');
    card.classList.toggle('warn', health === 'waiting');
    card.classList.toggle('is-gone', gone);
    setShape(byId('pod-shape'), health);
    const { prefix, middle, tail } = nameParts(row);
    setText(byId('name-prefix'), prefix);
    setText(byId('name-middle'), middle);
    setText(byId('name-tail'), tail);
    setText(byId('fact-status'), gone ? this.goneWords() : row.status);
    this.drawReason(row, gone);
    for (const [id, text] of Object.entries(this.facts(row))) {
      setText(byId(`fact-${id}`), text);
    }
    this.drawLabels(row);
  }

  drawReason(row, gone) {
    byId('fact-why').hidden = gone || !row.why;
    if (row.why) {
      const { first, rest, next, more } = reasonOf(row, this.texts);
      setText(byId('fact-reason'), first);
      setText(byId('fact-rest'), `${rest} ${more}`.trim());
      setText(byId('fact-next'), next);
    }
  }

  goneWords() {
    const time = this.texts.time(this.goneAt - this.live.clock.now() + Date.now());
    return this.texts.ui('gone', { time });
  }

  facts(row) {
    const now = this.live.clock.now();
    const created = instant(row.created);
    const last = instant(row.last_restart);
    const ago = last === null ? '' : ` ${this.texts.ui('ago', { age: humanDuration(now - last) })}`;
    return {
      ready: row.ready,
      health: this.texts.ui(`health_${row.health}`),
      restarts: `${row.restarts}${ago}`,
      age: created === null ? NONE : humanDuration((this.goneAt ?? now) - created),
      created: created === null ? NONE : this.texts.time(created, now),
      node: row.node ?? NONE,
      ip: row.ip ?? NONE,
      owner: row.owner === null ? NONE : `${row.owner.kind} ${row.owner.name}`,
      uid: row.uid,
    };
  }

  drawLabels(row) {
    const text = Object.entries(row.labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .sort();
    const list = byId('fact-labels');
    if (list.dataset.drawn === text.join('\n')) {
      return;
    }
    list.dataset.drawn = text.join('\n');
    list.replaceChildren(
      ...text.map((label) => {
        const item = document.createElement('li');
        item.textContent = label;
        return item;
      }),
    );
    byId('labels-cut').hidden = row.labels_cut !== true;
  }
}

startPage(PodPage);
