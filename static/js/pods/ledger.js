/**
 * The live ledger: asked for again every 2 seconds while the page is visible. A poll that fails is said
 * on the page; the last figures stay, marked as old. Where this person may not see it any more, the page
 * is loaded anew, which says so.
 */
import { bindKeys } from './keys.js';
import { Balance, isTooMuch, totalText } from './ledgerfigures.js';
import { RowWords, age } from './ledgerrows.js';
import { LedgerTable } from './ledgertable.js';
import { byId, setShape, setText, startPage } from './page.js';

const EVERY = 2000;
const WITHIN = 8000;
const TYPING = 250;

class LedgerPage {
  constructor({ config, texts }) {
    this.config = config;
    this.texts = texts;
    this.words = new RowWords(texts, config.may_act);
    this.say = this.words.say;
    this.balance = new Balance();
    this.orders = { sockets: 'worst', watches: 'worst' };
    this.timer = null;
    this.asking = null;
    this.pending = null;
    this.answeredAt = null;
    this.tables = {
      sockets: new LedgerTable('sockets', 'socket-template', {
        key: (row) => row.connection,
        describe: this.words.socket,
        act: (row) => this.confirmEnd(row),
      }),
      watches: new LedgerTable('watches', 'watch-template', {
        key: (row) => [row.cluster, row.resource, row.namespace, row.state === 'unneeded' && row.watch].join('\n'),
        describe: this.words.watch,
        act: (row) => this.confirmRestart(row),
      }),
    };
  }

  start() {
    const search = byId('q');
    search.value = new URLSearchParams(location.search).get('q') ?? '';
    search.addEventListener('input', () => this.look());
    document.addEventListener('visibilitychange', () => this.again(0));
    addEventListener('pageshow', (event) => event.persisted && this.again(0));
    byId('confirm').addEventListener('close', () => this.confirmed());
    for (const name of Object.keys(this.orders)) {
      for (const header of byId(name).querySelectorAll('[data-order]')) {
        header.firstElementChild.addEventListener('click', () => this.order(name, header));
      }
    }
    bindKeys({
      '/': (event) => {
        event.preventDefault();
        search.focus();
      },
    });
    this.again(0);
  }

  /** Something else is looked for: the address says it, so that it can be passed on. */
  look() {
    const q = byId('q').value.trim();
    history.replaceState(null, '', q === '' ? location.pathname : `?${new URLSearchParams({ q })}`);
    this.again(TYPING);
  }

  /** Puts the most of a column first; a second time, the worst of all. */
  order(name, header) {
    const chosen = header.dataset.order;
    this.orders[name] = this.orders[name] === chosen ? 'worst' : chosen;
    for (const other of byId(name).querySelectorAll('[data-order]')) {
      other.ariaSort = other.dataset.order === this.orders[name] ? 'descending' : 'none';
    }
    this.again(0);
  }

  again(delay) {
    clearTimeout(this.timer);
    if (document.visibilityState === 'visible') {
      this.timer = setTimeout(() => this.ask(), delay);
    }
  }

  /** Asks once; an answer that is still on its way is not waited for any more. */
  async ask() {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const query = new URLSearchParams({
      q: byId('q').value,
      sockets_by: this.orders.sockets,
      watches_by: this.orders.watches,
    });
    const picture = await this.fetch(`${this.config.urls.ledger}?${query}`, {
      signal: AbortSignal.any([asking.signal, AbortSignal.timeout(WITHIN)]),
    });
    if (this.asking !== asking) {
      return;
    }
    if (picture === null) {
      this.drawStale();
    } else {
      this.draw(picture);
    }
    this.again(EVERY);
  }

  /** The answer as JSON; null where there is none. */
  async fetch(address, options) {
    try {
      const answer = await fetch(address, { credentials: 'same-origin', ...options });
      if (answer.status === 401 || answer.status === 403) {
        location.reload();
      }
      return answer.ok ? await answer.json() : null;
    } catch {
      return null; // The next round asks again; the page says meanwhile that its figures are old.
    }
  }

  draw({ totals, sockets, watches }) {
    this.answeredAt = Date.now();
    this.drawMark('live');
    this.drawTotals(totals);
    this.drawBalance(totals);
    this.drawTable('sockets', sockets);
    this.drawTable('watches', watches);
    const viewers = this.say('viewers', { count: sockets.count });
    setText(byId('summary'), this.say('as_of', { viewers, watches: this.say('watches', { count: watches.count }) }));
  }

  drawStale() {
    this.drawMark('stale');
  }

  /** The mark in the header's fixed place, and the note where the figures are old. */
  drawMark(state) {
    document.body.dataset.feed = state;
    byId('ledger-stale').hidden = state === 'live';
    const known = this.answeredAt !== null;
    setText(byId('feed-word'), this.texts.ui(state === 'live' ? 'live' : known ? 'stale' : 'stale_unknown'));
    setText(byId('feed-time'), known ? this.texts.time(this.answeredAt) : '');
  }

  drawTotals(totals) {
    for (const cell of document.querySelectorAll('[data-total]')) {
      const name = cell.dataset.total;
      const tooMuch = isTooMuch(name, totals[name]);
      const text = totalText(name, totals[name], this.texts);
      cell.classList.toggle('bad', tooMuch);
      setText(cell.lastElementChild, tooMuch ? `◆ ${text}` : text);
      cell.title = tooMuch ? this.say('too_much') : '';
    }
  }

  drawBalance(totals) {
    const { health, line, means, forSeconds } = this.balance.judge(totals, Date.now());
    setShape(byId('balance').querySelector('svg'), health);
    const numbers = { sockets: totals.sockets, lifecycles: totals.lifecycles, tasks: totals.watch_tasks };
    setText(byId('balance-line'), this.say(line, numbers));
    setText(byId('balance-means'), this.say(means, { age: age(forSeconds) }));
    byId('balance').className = `balance ${health === 'failing' ? 'bad' : ''}`.trimEnd();
    const more = this.texts.join([
      totals.reaped > 0 ? this.say('reaped', { count: totals.reaped }) : '',
      totals.unneeded_watches > 0 ? this.say('unneeded', { count: totals.unneeded_watches }) : '',
    ]);
    byId('balance-more').hidden = more === '';
    setText(byId('balance-more'), more);
  }

  drawTable(name, { count, matching, rows }) {
    this.tables[name].show(rows);
    byId(name).hidden = rows.length === 0;
    byId(`${name}-none`).hidden = rows.length > 0;
    const all = rows.length === count;
    setText(byId(`${name}-shown`), all ? '' : this.say('shown', { shown: rows.length, matching, count }));
  }

  confirmEnd(row) {
    const fields = { who: this.words.who(row), connection: row.connection, where: this.words.where(row) };
    this.confirm('end', fields, { connection: row.connection });
  }

  confirmRestart(row) {
    this.confirm('restart', { where: this.words.where(row) }, { cluster: row.cluster, namespace: row.namespace });
  }

  /** Asks whether to do it. Escape and Cancel leave everything as it is. */
  confirm(name, fields, form) {
    this.pending = { name, fields, form };
    setText(byId('confirm-title'), this.say(`${name}_title`, fields));
    setText(byId('confirm-text'), this.say(`${name}_text`, fields));
    setText(byId('confirm-do'), this.say(`${name}_do`, fields));
    byId('confirm').returnValue = '';
    byId('confirm').showModal();
  }

  async confirmed() {
    const { name, fields, form } = this.pending;
    if (byId('confirm').returnValue !== 'do') {
      return;
    }
    const failure = await this.post(this.config.urls[name], form);
    byId('said').hidden = false;
    setText(byId('said'), failure ?? this.say(`${name}_done`, fields));
    this.again(0);
  }

  /** What went wrong, in words; null where it was done. */
  async post(address, form) {
    const headers = { 'X-CSRFToken': document.querySelector('[name=csrfmiddlewaretoken]').value };
    try {
      const signal = AbortSignal.timeout(WITHIN);
      const body = new URLSearchParams(form);
      const answer = await fetch(address, { method: 'POST', credentials: 'same-origin', headers, body, signal });
      if (answer.ok) {
        return null;
      }
      const { error } = await answer.json();
      return this.texts.sentence('error', error.code, {}, error.message);
    } catch {
      return this.say('failed');
    }
  }
}

startPage(LedgerPage);
