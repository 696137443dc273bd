/** What every page script begins with: its settings and texts from the page, and small DOM helpers. */
import { bindMenus } from './menu.js';
import { Texts, localeOf } from './texts.js';

/**
 * Starts a page with its settings (`config`, see pods/views.py) and texts, and takes it for started:
 * until then static/css/base.css says after a while that the page's scripts have not loaded.
 *
 * @param {new (setup: {config: object, texts: Texts}) => {start: () => void}} Page
 */
export function startPage(Page) {
  bindMenus();
  new Page(readSetup()).start();
  document.body.dataset.started = '';
}

/** The page's settings and texts. */
export function readSetup() {
  const { lang } = document.documentElement;
  const texts = new Texts(readJson('portal-texts'), lang, localeOf(lang, navigator.languages));
  return { config: readJson('portal-config'), texts };
}

function readJson(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** The one element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Sets an element's text only where it differs: an equal text would still cost a layout. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** The shape and colour class of each health; `gone` for a pod that is no more. */
export const SHAPES = {
  failing: { icon: '#i-failing', colour: 'bad' },
  waiting: { icon: '#i-waiting', colour: 'warn' },
  running: { icon: '#i-running', colour: 'ok' },
  done: { icon: '#i-done', colour: 'idle' },
  gone: { icon: '#i-gone', colour: 'idle' },
};

/** Draws a health's shape into an `<svg class="i"><use></use></svg>`. */
export function setShape(svg, health) {
  const { icon, colour } = SHAPES[health];
  svg.setAttribute('class', `i ${colour}`);
  svg.firstElementChild.setAttribute('href', icon);
}

/** So many details stand before the next step, where all is one line. */
const DETAILS_FIRST = 2;

/**
 * What a row's `why` says: the reason, its first details, the next step, and the rest (further details, and
 * since when). A reason that the catalogue does not know is told in the portal's own words, and alone.
 *
 * @returns {{first: string, rest: string, next: string, more: string, all: string}} `all`: joined
 */
export function reasonOf(row, texts) {
  const { code, params, summary, since, details, next } = row.why;
  const words = (one, fallback) => texts.sentence('why', one.code, one.params, fallback);
  const known = words({ code, params }, null);
  const told = known === null ? [] : (details ?? []).map((one) => words(one, '')).filter(Boolean);
  const saysSince = known === null || !since || params?.since !== undefined;
  const begun = saysSince ? [] : [texts.ui('why_since', { time: since })];
  const parts = {
    first: known ?? summary,
    rest: told.slice(0, DETAILS_FIRST).join(' '),
    next: next ? words(next, next.summary) : '',
    more: [...told.slice(DETAILS_FIRST), ...begun].join(' '),
  };
  return { ...parts, all: Object.values(parts).filter(Boolean).join(' ') };
}

/** A name in three parts: the owner's prefix, the middle, and the part that differs. */
export function nameParts(row) {
  const prefix = row.owner === null ? '' : `${row.owner.name}-`;
  const owned = prefix !== '' && row.name.startsWith(prefix);
  const rest = owned ? row.name.slice(prefix.length) : row.name;
  const cut = owned ? rest.lastIndexOf('-') + 1 : 0;
  return { prefix: owned ? prefix : '', middle: owned ? rest.slice(0, cut) : rest, tail: owned ? rest.slice(cut) : '' };
}
