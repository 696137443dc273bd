/** The page of pods: rows, filters, order and keys joined with one live view. */
import { attach } from './browser.js';
import { Columns } from './columns.js';
import { ColumnsMenu } from './columnsmenu.js';
import { bindFilters, bindHistory, bindPageKeys, bindSorting } from './controls.js';
import { emptyWords } from './empty.js';
import { ExportMenu } from './exportmenu.js';
import { FeedView } from './feedview.js';
import { ages } from './filter.js';
import { Folds } from './folds.js';
import { RowIndex } from './index.js';
import { Live } from './live.js';
import { byId, setText, startPage } from './page.js';
import { Pending } from './pending.js';
import { PodMap } from './podmap.js';
import { PodPanel } from './podpanel.js';
import { SearchBox } from './searchbox.js';
import { Summary } from './summary.js';
import { FRESH_FOR, HEIGHTS, Table } from './table.js';
import { TabMark } from './tabmark.js';
import { Telling } from './telling.js';
import { TellMenu } from './tellmenu.js';
import { narrows, podAddress, readView, writeView } from './url.js';

const SUMMARY_EVERY = 400;

class PodsPage {
  constructor({ config, texts }) {
    this.config = config;
    this.texts = texts;
    this.view = readView(location.search);
    this.pending = new Pending();
    this.summaryAt = null;
    this.live = new Live(config, {
      changed: (...values) => this.changed(...values),
      feed: () => this.drawFeed(),
      refused: (frame) => this.refused(frame),
      waits: () => this.telling.waits,
    });
    const tab = new TabMark(config.icons.told);
    this.summary = new Summary(config, texts, tab);
    this.telling = new Telling(this, tab, () => this.tellMenu.draw());
    this.tellMenu = new TellMenu(texts, this.telling);
    this.index = new RowIndex(this.view, this.live.clock, new Folds(config.cluster), this.live.state.rollouts);
    this.makeViews();
    this.feedView = new FeedView(config, texts, this.live);
    this.search = new SearchBox(this);
    this.panel = new PodPanel(this);
    const row = byId('row-template').content.firstElementChild;
    this.columns = new Columns(byId('pods'), byId('head-row').firstElementChild, row);
  }

  makeViews() {
    const { config, index, live, texts } = this;
    const env = {
      texts,
      clock: live.clock,
      podAddress: (row) => podAddress(config.urls.pod, row),
      isOpen: (row) => this.panel.shows(row),
      toggle: (header) => this.toggle(header),
      tell: (rollout) => this.tellMenu.show({ kind: rollout.kind, state: rollout }),
      covered: () => this.covered(),
    };
    const templates = { pod: byId('row-template'), header: byId('group-template') };
    this.table = new Table({ body: byId('rows'), templates, index }, env);
    const tile = byId('tile-template');
    this.map = new PodMap({ body: byId('map'), template: tile, tip: byId('map-tip'), index }, env);
  }

  /** What shows the rows: the table or the map. */
  get shown() {
    return this.view.map ? this.map : this.table;
  }

  start() {
    this.bindLayout();
    bindFilters(this);
    bindHistory(this);
    bindSorting(this);
    bindPageKeys(this);
    new ExportMenu(this);
    new ColumnsMenu(this);
    this.showView();
    attach(this.live);
    this.drawFeed();
    this.live.start();
    setInterval(() => this.everySecond(), 1000);
  }

  // ---- rows

  changed(changes, fresh, left) {
    this.pending.add(changes, fresh, left ? { at: Date.now(), now: this.live.clock.now() } : null);
    this.panel.changed(changes, left);
    this.telling.look();
    this.scheduleRows();
  }

  /** Merges what came since the last frame; a hidden page draws nothing and merges on its return. */
  scheduleRows() {
    this.rowsFrame ??= requestAnimationFrame(() => {
      this.rowsFrame = undefined;
      const { upserts, removes, news } = this.pending.take(performance.now() + FRESH_FOR);
      this.index.apply(upserts, removes, news);
      this.drawRows();
    });
  }

  drawRows() {
    byId('table').setAttribute('aria-rowcount', String(this.index.order.length + 1));
    this.shown.draw();
    this.drawEmpty();
    this.scheduleSummary();
  }

  /** Opens or closes a group. */
  toggle(header) {
    this.index.setOpen(header, !header.open);
    this.table.active = header;
    this.drawRows();
  }

  scheduleSummary() {
    this.summaryAt ??= setTimeout(() => {
      this.summaryAt = null;
      this.drawSummary();
    }, this.index.size < 500 ? 0 : SUMMARY_EVERY);
  }

  drawSummary() {
    const { state, feed } = this.live;
    // Of all namespaces there is a picture also where every one of them is refused: an empty one.
    const refused = this.feedState?.code === 'forbidden' && state.rows.size === 0;
    const known = !refused && feed.namespaces.some((namespace) => state.seeded(namespace));
    this.summary.draw(this.index, state.rows.values(), this.view, known);
    this.drawStatuses();
  }

  drawStatuses() {
    const select = byId('status');
    const chosen = this.view.status.size === 1 ? [...this.view.status][0] : '';
    const names = new Set([...this.index.statuses.keys(), ...this.view.status]);
    const wanted = [...names].sort();
    const options = [...select.options].slice(1);
    if (wanted.join('\n') !== options.map((option) => option.value).join('\n')) {
      options.forEach((option) => option.remove());
      wanted.forEach((name) => select.append(new Option(name, name)));
    }
    for (const option of [...select.options].slice(1)) {
      setText(option, `${option.value} (${this.texts.number(this.index.statuses.get(option.value) ?? 0)})`);
    }
    select.value = chosen;
    select.classList.toggle('chosen', this.view.status.size > 0);
  }

  // ---- feed and words in place of rows

  drawFeed() {
    this.drawRefused();
    this.panel.draw();
    this.telling.look();
    const before = this.feedState?.code;
    this.feedState = this.feedView.draw();
    const { since, code } = this.feedState;
    if (code !== before) {
      this.scheduleSummary();
    }
    const asOf = since === null ? '' : this.texts.time(since - this.live.clock.now() + Date.now());
    setText(byId('as-of'), asOf === '' ? '' : this.texts.ui('as_of', { time: asOf }));
    this.drawEmpty();
  }

  drawEmpty() {
    const someShown = this.index.order.length > 0 || !this.pending.empty;
    const words = emptyWords(this.texts, this.feedView, this.feedState, this.index.size, this.config);
    const { title, text } = someShown ? { title: '', text: '' } : words;
    const box = byId('empty');
    box.hidden = title === '';
    setText(byId('empty-title'), title);
    setText(byId('empty-text'), text);
    byId('clear').hidden = box.hidden || this.index.size === 0;
    byId('empty-home').hidden = !['forbidden', 'not_found'].includes(this.feedState.outcome);
    byId('empty-sign-in').hidden = this.feedState.state !== 'signed_out';
    byId('empty-sign-in').href = this.feedView.signInAddress();
  }

  /** Says why a namespace of several is not shown: once, however often it is refused. */
  refused(frame) {
    const list = byId('refused');
    const known = [...list.children].find(({ dataset }) => dataset.namespace === frame.namespace);
    const item = known ?? list.appendChild(document.createElement('li'));
    const reason = this.texts.sentence('error', frame.code, frame.params, frame.message);
    item.dataset.namespace = frame.namespace;
    item.textContent = `${frame.namespace}: ${reason}`;
    list.hidden = false;
  }

  /** Takes back what `refused` said of namespaces that are shown again. */
  drawRefused() {
    const list = byId('refused');
    [...list.children]
      .filter(({ dataset }) => this.live.state.seeded(dataset.namespace))
      .forEach((item) => item.remove());
    list.hidden = list.children.length === 0;
  }

  everySecond() {
    if (document.visibilityState === 'visible') {
      this.grownOlder();
      this.shown.tick();
      this.drawFeed();
    }
  }

  /** Rows enter and leave a filter by their age; those that left are shown for a minute. */
  grownOlder() {
    const forgotten = this.index.forgetDeparted(Date.now());
    const aged = ages(this.view) && this.index.judgeAgain();
    if (forgotten || aged) {
      this.drawRows();
    }
  }

  // ---- the view

  /** Takes another view; `push` makes it a step of the browser's history. */
  setView(changes, push = true) {
    this.view = { ...this.view, ...changes };
    const address = writeView(location.search, this.view) || location.pathname;
    history[push ? 'pushState' : 'replaceState'](null, '', address);
    this.showView();
  }

  clear() {
    this.setView({ q: '', health: new Set(), status: new Set() });
  }

  showView() {
    const { group, sort } = this.view;
    this.search.draw();
    byId('group').value = group;
    byId('not-well').setAttribute('aria-pressed', String(sort.notWell));
    if (this.columns.show(this.view)) {
      this.table.rebuild();
    }
    byId('narrowed').hidden = !narrows(this.view);
    this.index.setView(this.view);
    byId('table').setAttribute('aria-rowcount', String(this.index.order.length + 1));
    byId('table').hidden = this.view.map;
    byId('map').hidden = !this.view.map;
    byId('as-table').setAttribute('aria-pressed', String(!this.view.map));
    byId('as-map').setAttribute('aria-pressed', String(this.view.map));
    this.shown.letGo();
    this.shown.schedule();
    this.panel.show(this.view.pod);
    this.drawSummary();
    if (this.feedState !== undefined) {
      this.drawEmpty();
    }
  }

  // ---- layout

  bindLayout() {
    const narrow = matchMedia('(max-width: 720px)');
    const apply = () => {
      this.index.setHeights(narrow.matches ? HEIGHTS.narrow : HEIGHTS.wide);
      this.map.setSizes(narrow.matches ? 'narrow' : 'wide');
      this.shown.letGo();
      this.shown.schedule();
    };
    narrow.addEventListener('change', apply);
    addEventListener('scroll', () => this.shown.schedule(), { passive: true });
    addEventListener('resize', () => this.shown.schedule());
    apply();
  }

  /** What the fixed header and the column heads hide at the window's top. */
  covered() {
    return byId('head-row').getBoundingClientRect().bottom > 0
      ? Math.max(48, byId('head-row').getBoundingClientRect().bottom)
      : 48;
  }
}

startPage(PodsPage);
