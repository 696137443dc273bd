/**
 * The page's texts. The catalogue comes with the page, already in its language; here only fields
 * are filled in and plural forms chosen. Codes that the catalogue lacks fall back to the sentence
 * that travelled with them. Fields are shown as the reader writes them: numbers in groups, times in
 * their own zone.
 */
import { clockTime, instant } from './time.js';

const RFC_3339 = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/;

/** Numbers that are names. */
const NAMES = new Set(['exit_code', 'status']);

export class Texts {
  #catalogue;
  #plurals;
  #locale;
  #numbers;

  /**
   * @param {Object<string, Object<string, string|object>>} catalogue section → key → text, or plural
   *   forms by category (`{"one": …, "other": …}`), chosen by the field `count`
   * @param {string} language BCP 47
   * @param {string} locale of numbers and times, BCP 47: the language with the reader's region
   */
  constructor(catalogue, language = 'en', locale = language) {
    this.#catalogue = catalogue;
    this.#plurals = new Intl.PluralRules(language);
    this.#locale = locale;
    this.#numbers = new Intl.NumberFormat(locale);
  }

  /** A text of the page itself. */
  ui(key, fields = {}) {
    return this.sentence('ui', key, fields, key);
  }

  /** The sentence of a code, with its fields; `fallback` where the code is not known. */
  sentence(section, code, fields = {}, fallback = '') {
    const entry = this.#catalogue[section]?.[code];
    if (entry === undefined) {
      return fallback;
    }
    const known = fields ?? {};
    const text =
      typeof entry === 'string'
        ? entry
        : (entry[this.#plurals.select(Number(known.count))] ?? entry.other);
    return fill(text, known, (name, value) => this.#readable(name, value, known));
  }

  /** A number of things. */
  number(value) {
    return this.#numbers.format(value);
  }

  /** A time of day, with the date where that is not `now`'s; both in milliseconds. */
  time(milliseconds, now = Date.now()) {
    return clockTime(milliseconds, now, this.#locale);
  }

  /** Several sentences; after a full-width stop there is no space. */
  join(sentences) {
    return sentences.filter(Boolean).join(' ').replace(/([。！？]) /g, '$1');
  }

  #readable(name, value, { namespace }) {
    if (typeof value === 'number') {
      return NAMES.has(name) ? String(value) : this.number(value);
    }
    if (name === 'detail') {
      return this.#catalogue.detail?.[value] ?? value;
    }
    if (name === 'where' && namespace !== undefined) {
      return namespace === '*' ? this.ui('where_all') : this.ui('where_one', { name: namespace });
    }
    return typeof value === 'string' && RFC_3339.test(value) ? this.time(instant(value)) : String(value);
  }
}

/** The first of the browser's languages that is the page's, with its region; else the page's own. */
export function localeOf(language, preferred) {
  const [base] = language.split('-');
  return preferred.find((tag) => tag.split('-')[0].toLowerCase() === base) ?? language;
}

/** Replaces `{name}` by the field of that name; a field that is missing or null becomes a dash. */
export function fill(text, fields, readable = (_, value) => String(value)) {
  return text.replace(/\{(\w+)\}/g, (_, name) => (fields[name] == null ? '–' : readable(name, fields[name])));
}
