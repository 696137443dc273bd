/** One pod's page: the row of that name out of its namespace's live view. */
import { attach } from './browser.js';
import { FeedView } from './feedview.js';
import { Live } from './live.js';
import { byId, startPage } from './page.js';
import { PodCard } from './podcard.js';
import { TabMark } from './tabmark.js';
import { Telling } from './telling.js';
import { TellMenu } from './tellmenu.js';

class PodPage {
  constructor({ config, texts }) {
    this.config = config;
    this.row = null;
    this.goneAt = null;
    this.live = new Live(config, {
      changed: (changes) => this.changed(changes),
      feed: () => this.drawFeed(),
      refused: () => this.drawFeed(),
      waits: () => this.telling.waits,
    });
    this.telling = new Telling({ config, texts, live: this.live }, new TabMark(config.icons.told), () => this.menu.draw());
    this.menu = new TellMenu(texts, this.telling);
    this.feedView = new FeedView(config, texts, this.live);
    const { clock } = this.live;
    this.card = new PodCard({ config, texts, clock }, (term) => `${config.urls.list}&q=${encodeURIComponent(term)}`);
  }

  start() {
    attach(this.live);
    byId('pod-tell').addEventListener('click', () => this.menu.show({ kind: 'Pod', state: this.row }));
    this.card.begin(this.config.namespaces[0], this.config.pod);
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
      this.card.changed();
    }
    this.telling.look();
    this.draw();
  }

  drawFeed() {
    this.feedState = this.feedView.draw();
    this.telling.look();
    this.draw();
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      const may = !['signed_out', 'ended'].includes(this.feedState.state) || this.live.state.rows.size > 0;
      byId('pod-tell').hidden = this.row === null || this.goneAt !== null;
      this.card.draw(may ? this.row : null, this.goneAt, this.feedView.words(this.feedState));
    });
  }
}

startPage(PodPage);
