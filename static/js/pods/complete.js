/** What the search box offers at the caret: keys first, then the values that are in the rows. Pure. */
import { KEYS, TEXT_KEYS, printTerm, words } from './query.js';
import { HEALTHS } from './sort.js';

const MOST = 12;

/** Comparisons that are often wanted, to begin with. */
const COMPARISONS = {
  restarts: ['>0', '>3', '>=10'],
  restarted: ['<10m', '<1h', '<1d'],
  age: ['<10m', '<1h', '<1d', '>7d'],
};

/**
 * @param {string} text of the box
 * @param {number} caret
 * @param {(key: string) => Map<string, number>} present as presentValues gives them
 * @returns {{from: number, to: number, options: {insert: string, label: string, count: number|null}[]}}
 *   `insert` takes the place of the text between `from` and `to`
 */
export function complete(text, caret, present) {
  const word = words(text).find(({ from, to }) => from <= caret && caret <= to);
  const { from, to, raw } = word ?? { from: caret, to: caret, raw: '' };
  const typed = raw.slice(0, caret - from);
  const [, sign, rest] = /^([-!]?)(.*)$/s.exec(typed);
  const [, key, value] = /^([a-z]+):(.*)$/is.exec(rest) ?? [];
  const options = key === undefined ? keyOptions(rest) : valueOptions(key.toLowerCase(), value, present);
  return { from, to, options: options.slice(0, MOST).map((one) => ({ ...one, insert: sign + one.insert })) };
}

function keyOptions(typed) {
  const begin = typed.toLowerCase();
  return KEYS.filter((key) => key.startsWith(begin)).map((key) => option(`${key}:`, `${key}:`));
}

function valueOptions(key, typed, present) {
  const value = typed.replaceAll('"', '');
  if (key === 'label') {
    return labelOptions(value, present);
  }
  if (key === 'health') {
    return beginning(HEALTHS, value).map((one) => option(`health:${one} `, one));
  }
  if (Object.hasOwn(COMPARISONS, key)) {
    return beginning(COMPARISONS[key], value).map((one) => option(`${key}:${one} `, one));
  }
  return TEXT_KEYS.includes(key) ? textOptions(key, value.replace(/^=/, ''), present(key)) : [];
}

/** A value that stands within another one is asked for by `=`, else both would be found. */
function textOptions(key, typed, counts) {
  const all = [...counts.keys()];
  const within = (value) => all.some((one) => one !== value && one.toLowerCase().includes(value.toLowerCase()));
  return containing(counts, typed).map(([value, count]) => {
    const term = { key, negated: false, operator: within(value) ? '=' : '', value };
    return option(`${printTerm(term)} `, value, count);
  });
}

function labelOptions(typed, present) {
  const [, name, sign, value] = /^(.*?)(!?=)(.*)$/s.exec(typed) ?? [];
  const term = (more) => ({ key: 'label', negated: false, operator: '', value: '', ...more });
  if (name === undefined) {
    return containing(present('label'), typed).map(([one, count]) => option(printTerm(term({ name: one })), one, count));
  }
  return containing(present(`label:${name}`), value).map(([one, count]) =>
    option(`${printTerm(term({ name, operator: sign, value: one }))} `, `${name}${sign}${one}`, count),
  );
}

/** The values with `typed` in them, those that begin with it first; the rest of their order stays. */
function containing(counts, typed) {
  const wanted = typed.toLowerCase();
  const found = [...counts].filter(([value]) => value.toLowerCase().includes(wanted));
  const begins = ([value]) => value.toLowerCase().startsWith(wanted);
  return [...found.filter(begins), ...found.filter((one) => !begins(one))];
}

function beginning(values, typed) {
  return values.filter((value) => value.startsWith(typed.toLowerCase()));
}

function option(insert, label, count = null) {
  return { insert, label, count };
}
