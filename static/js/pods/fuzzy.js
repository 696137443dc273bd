/**
 * Finding names by a few of their letters. Pure.
 *
 * A text is the better found the earlier in RANK it stands; then by its `weight` (the lighter first), then
 * the fewer letters lie between those that were found, then the shorter it is. Several words must all be
 * found, each for itself.
 */

/** How a text was found: as a whole, by its beginning, by that of a word, by initials, inside, by scattered letters. */
export const RANK = { whole: 0, prefix: 1, word: 2, initials: 3, inside: 4, scattered: 5 };

/** What is found only in what is said beside a text comes after all that is found in the text itself. */
const BESIDE = 6;

const WORD_BREAK = /[^\p{L}\p{N}]/u;

/** Whether a word begins at this place. */
function begins(text, at) {
  return at === 0 || (WORD_BREAK.test(text[at - 1]) && !WORD_BREAK.test(text[at]));
}

/** Lower case, letter by letter: what would become longer stays as it is, so that places stay what they were. */
export function folded(text) {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}

/**
 * Looks for one word.
 *
 * @param {string} wanted folded, not empty
 * @param {string} text folded
 * @returns {{rank: number, gaps: number, marks: number[][]}|null} `marks`: from, to (exclusive) of what was found
 */
export function find(wanted, text) {
  const at = text.indexOf(wanted);
  if (at === 0) {
    const rank = wanted.length === text.length ? RANK.whole : RANK.prefix;
    return { rank, gaps: 0, marks: [[0, wanted.length]] };
  }
  if (at > 0) {
    const word = atWord(wanted, text, at);
    const from = word ?? at;
    return { rank: word === null ? RANK.inside : RANK.word, gaps: 0, marks: [[from, from + wanted.length]] };
  }
  return initials(wanted, text) ?? scattered(wanted, text);
}

function atWord(wanted, text, first) {
  for (let at = first; at >= 0; at = text.indexOf(wanted, at + 1)) {
    if (begins(text, at)) {
      return at;
    }
  }
  return null;
}

/** `oa` finds `orders-api`: each letter begins a word. */
function initials(wanted, text) {
  const places = [];
  for (let at = 0; at < text.length && places.length < wanted.length; at += 1) {
    if (text[at] === wanted[places.length] && begins(text, at)) {
      places.push(at);
    }
  }
  return places.length === wanted.length ? found(RANK.initials, places) : null;
}

/** The letters in their order, wherever they are: the first place where they end, and from there as near as can be. */
function scattered(wanted, text) {
  let end = 0;
  for (let left = 0; left < wanted.length; left += 1) {
    end = text.indexOf(wanted[left], end) + 1;
    if (end === 0) {
      return null;
    }
  }
  const places = [];
  for (let at = end - 1, left = wanted.length - 1; left >= 0; at -= 1) {
    if (text[at] === wanted[left]) {
      places.unshift(at);
      left -= 1;
    }
  }
  return found(RANK.scattered, places);
}

function found(rank, places) {
  const marks = [];
  for (const at of places) {
    const last = marks.at(-1);
    if (last?.[1] === at) {
      last[1] = at + 1;
    } else {
      marks.push([at, at + 1]);
    }
  }
  return { rank, gaps: places.at(-1) + 1 - places[0] - places.length, marks };
}

/**
 * Looks for all words of a query in a text, and in what is said beside it (`also`).
 *
 * @returns {{rank: number, gaps: number, marks: number[][]}|null} as `find`; `rank` that of the worst word
 */
export function findAll(words, text, also = '') {
  const result = { rank: 0, gaps: 0, marks: [] };
  for (const word of words) {
    const here = find(word, text);
    const beside = here === null ? find(word, also) : null;
    if (here === null && (beside === null || beside.rank === RANK.scattered)) {
      return null;
    }
    result.rank = Math.max(result.rank, here?.rank ?? beside.rank + BESIDE);
    result.gaps += (here ?? beside).gaps;
    result.marks.push(...(here?.marks ?? []));
  }
  return { ...result, marks: joined(result.marks) };
}

/** Marks in their order, those that touch or overlap as one. */
function joined(marks) {
  const merged = [];
  for (const [from, to] of [...marks].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) {
      last[1] = Math.max(last[1], to);
    } else {
      merged.push([from, to]);
    }
  }
  return merged;
}

/**
 * The entries that a query finds, the best first; equally good ones in the order in which they came.
 *
 * @param {string} query
 * @param {{folded: string, also: string, weight: number}[]} entries `also` folded as well
 * @returns {{entry: object, marks: number[][]}[]}
 */
export function search(query, entries) {
  const words = folded(query).split(/\s+/).filter(Boolean);
  const whole = words.join(' ');
  const results = [];
  for (const entry of entries) {
    const phrase = words.length > 1 && entry.folded.includes(whole) ? find(whole, entry.folded) : null;
    const result = phrase ?? findAll(words, entry.folded, entry.also);
    if (result !== null) {
      results.push({ entry, ...result });
    }
  }
  const order = (a, b) =>
    a.rank - b.rank ||
    a.entry.weight - b.entry.weight ||
    a.gaps - b.gaps ||
    a.entry.folded.length - b.entry.folded.length;
  return results.sort(order).map(({ entry, marks }) => ({ entry, marks }));
}
