/**
 * The page's texts. The catalogue comes with the page, already in its language; here only fields
 * are filled in and plural forms chosen. Codes that the catalogue lacks fall back to the sentence
 * that travelled with them.
 */
export class Texts {
  #catalogue;
  #plurals;

  /**
   * @param {Object<string, Object<string, string|object>>} catalogue section → key → text, or plural
   *   forms by category (`{"one": …, "other": …}`), chosen by the field `count`
   * @param {string} language BCP 47
   */
  constructor(catalogue, language = 'en') {
    this.#catalogue = catalogue;
    this.#plurals = new Intl.PluralRules(language);
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
    const text =
      typeof entry === 'string'
        ? entry
        : (entry[this.#plurals.select(Number(fields.count))] ?? entry.other);
    return fill(text, fields ?? {});
  }
}

/** Replaces `{name}` by the field of that name; a field that is missing or null becomes a dash. */
export function fill(text, fields) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(fields[name] ?? '–'));
}
