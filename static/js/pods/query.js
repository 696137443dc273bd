/**
 * The filter language of the search box: text to terms, and terms to text.
 *
 * Guarantee: every text can be read. A word that means nothing is left out of the terms and named
 * among the mistakes; the other words go on working. What `printQuery` writes reads as the same terms.
 *
 * A term is `{key, negated, operator, value}`, for a label with its `name` as well. `key` is `text` for
 * a plain word. In quotes nothing has a meaning of its own but `\"` and `\\`.
 */
import { HEALTHS } from './sort.js';

/** What is compared as text: contained in the value, or with `=` equal to it. */
export const TEXT_KEYS = ['name', 'status', 'owner', 'node', 'namespace', 'ip'];

export const KEYS = ['status', 'owner', 'node', 'namespace', 'label', 'restarts', 'restarted', 'age', 'health', 'ip', 'name'];

/** What kubectl prints as a status, with a colon in it; and addresses. */
const COLON_IN_TEXT = /^(?:(?:init|exitcode|signal):|[\da-f]*:[\da-f]*:[\da-f:.]*$)/i;

/**
 * The words of a text: `{from, to, raw, open}`; `open` where a quote is not closed.
 *
 * @param {string} text
 */
export function words(text) {
  return [...text.matchAll(/(?:"(?:\\.|[^"\\])*(?:"|\\?$)|[^\s"])+/gs)].map(({ 0: raw, index }) => ({
    from: index,
    to: index + raw.length,
    raw,
    open: unquote(raw).open,
  }));
}

/**
 * Reads a filter.
 *
 * @param {string} text
 * @returns {{terms: object[], mistakes: {word: string, code: string, params: object, soft: boolean}[]}}
 *   a soft mistake is a word that is only not finished yet
 */
export function parseQuery(text) {
  const terms = [];
  const mistakes = [];
  for (const { raw, open } of words(text)) {
    const found = readWord(unquote(raw));
    if (found.code === undefined) {
      terms.push(found);
    } else {
      mistakes.push({ word: raw, code: found.code, params: found.params ?? {}, soft: found.soft ?? false });
    }
    if (open) {
      mistakes.push({ word: raw, code: 'open_quote', params: {}, soft: true });
    }
  }
  return { terms, mistakes };
}

/**
 * A word without its quotes. `mask` is as long as `text`, with a NUL for each quoted character, so
 * that signs are looked for in it and found only where they are signs.
 */
function unquote(raw) {
  let text = '';
  let mask = '';
  let open = false;
  let quoted = false;
  for (let at = 0; at < raw.length; at += 1) {
    if (raw[at] === '"') {
      open = !open;
      quoted = true;
      continue;
    }
    if (open && raw[at] === '\\' && at + 1 < raw.length) {
      at += 1;
    }
    text += raw[at];
    mask += open ? '\0' : raw[at];
  }
  return { text, mask, open, quoted };
}

function after({ text, mask, quoted }, count) {
  return { text: text.slice(count), mask: mask.slice(count), quoted };
}

function readWord(word) {
  const negated = /^[-!]/.test(word.mask);
  const body = after(word, negated ? 1 : 0);
  const [, name] = /^([a-z]+):/i.exec(body.mask) ?? [];
  const key = name?.toLowerCase();
  if (key === undefined || COLON_IN_TEXT.test(body.mask)) {
    return body.text === '' ? soft('no_value') : { key: 'text', negated, operator: '', value: body.text };
  }
  if (!KEYS.includes(key)) {
    return { code: 'unknown_key', params: { key: name, keys: KEYS.map((one) => `${one}:`).join(' ') } };
  }
  const value = after(body, name.length + 1);
  if (value.text === '') {
    return soft('no_value');
  }
  return (READ[key] ?? readText)(key, negated, value);
}

const READ = { label: readLabel, restarts: readRestarts, restarted: readAge, age: readAge, health: readHealth };

function soft(code) {
  return { code, soft: true };
}

function readText(key, negated, value) {
  const exact = value.mask.startsWith('=');
  const { text } = after(value, exact ? 1 : 0);
  return text === '' ? soft('no_value') : { key, negated, operator: exact ? '=' : '', value: text };
}

function readRestarts(key, negated, { text }) {
  const [, operator, digits] = /^([<>]=?|=)?(\d{1,9})$/.exec(text) ?? [];
  if (digits === undefined) {
    return { code: 'bad_restarts', soft: /^[<>]=?$|^=$/.test(text) };
  }
  return { key, negated, operator: operator ?? '=', value: digits };
}

function readAge(key, negated, { text }) {
  const [, operator, length] = /^([<>]=?)(.*)$/s.exec(text) ?? [];
  if (operator === undefined || duration(length) === null) {
    return { code: `bad_${key}`, soft: /^[<>]=?\d*$/.test(text) };
  }
  return { key, negated, operator, value: length };
}

function readHealth(key, negated, { text }) {
  const value = text.toLowerCase();
  return HEALTHS.includes(value)
    ? { key, negated, operator: '', value }
    : { code: 'bad_health', params: { allowed: HEALTHS.join(', ') }, soft: HEALTHS.some((one) => one.startsWith(value)) };
}

/** `app`, `!app`, `app=web`, `app!=web`. */
function readLabel(key, negated, whole) {
  const absent = whole.mask.startsWith('!');
  const value = after(whole, absent ? 1 : 0);
  const [sign] = /!=|==?/.exec(value.mask) ?? [''];
  const at = sign === '' ? value.text.length : value.mask.indexOf(sign);
  const name = value.text.slice(0, at);
  const wanted = value.text.slice(at + sign.length);
  if (name === '' || (absent && sign !== '') || /!/.test(value.mask.slice(0, at))) {
    return { code: 'bad_label', soft: value.text === '' };
  }
  if (sign !== '' && wanted === '' && !value.quoted) {
    return soft('no_value');
  }
  return { key, negated: negated !== absent, name, operator: sign.replace('==', '='), value: wanted };
}

const UNITS = { y: 365 * 86_400, w: 7 * 86_400, d: 86_400, h: 3600, m: 60, s: 1 };

/** Milliseconds of a length of time as kubectl prints it (`90s`, `1h30m`, `4d2h`), null for none. */
export function duration(text) {
  if (!/^(?:\d{1,9}[ywdhms])+$/.test(text)) {
    return null;
  }
  const parts = [...text.matchAll(/(\d+)([ywdhms])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit] * 1000, 0);
}

/** The text of a term. */
export function printTerm({ key, negated, name, operator, value }) {
  const sign = negated ? '-' : '';
  if (key === 'text') {
    return sign + quoteWhere(value, /[\s"]|^$|^[-!]|:/);
  }
  if (key === 'label') {
    const right = operator === '' ? '' : operator + quoteWhere(value, /[\s"]|^$|^=/);
    return `${sign}label:${quoteWhere(name, /[\s"=!]/)}${right}`;
  }
  return `${sign}${key}:${operator}${quoteWhere(value, /[\s"]|^$|^[=<>!]/)}`;
}

/** The text of a filter. */
export function printQuery(terms) {
  return terms.map(printTerm).join(' ');
}

function quoteWhere(text, needed) {
  return needed.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}
