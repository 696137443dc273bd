/** The drawing of the palette's options. */

/** Kinds whose text, and whose hint, is a name of Kubernetes', set as such. */
const NAMED = new Set(['namespace', 'cluster']);
const NAMED_BESIDE = new Set(['namespace', 'all']);

/**
 * @param {HTMLElement} list
 * @param {{entry: object, marks: number[][]}[]} options
 * @param {{chosen: (entry: object) => boolean, say: (key: string, fields?: object) => string}} words
 */
export function drawOptions(list, options, words) {
  list.replaceChildren(...options.map((option, at) => element(option, at, words)));
}

function element({ entry, marks }, at, { chosen, say }) {
  const item = document.createElement('li');
  item.id = `palette-option-${at}`;
  item.dataset.kind = entry.kind;
  item.setAttribute('role', 'option');
  item.setAttribute('aria-selected', 'false');
  const name = item.appendChild(span('what'));
  name.classList.toggle('mono', NAMED.has(entry.kind));
  name.append(...marked(entry.text, marks));
  const isChosen = chosen(entry);
  item.classList.toggle('chosen', isChosen);
  if (isChosen) {
    item.append(span('vh', say('chosen')));
  }
  const hint = entry.owner ? say('shared_by', { name: entry.owner }) : entry.hint;
  item.appendChild(span('hint', hint)).classList.toggle('mono', NAMED_BESIDE.has(entry.kind));
  if (entry.kind === 'namespace') {
    const add = item.appendChild(span('add', isChosen ? '✓' : '+'));
    add.setAttribute('aria-hidden', 'true');
    add.title = say(isChosen ? 'take' : 'add');
  }
  return item;
}

function span(className, text = '') {
  const made = document.createElement('span');
  made.className = className;
  made.textContent = text;
  return made;
}

/** A text with what was found in `<mark>`. */
function marked(text, marks) {
  const parts = [];
  let at = 0;
  for (const [from, to] of marks) {
    const mark = document.createElement('mark');
    mark.textContent = text.slice(from, to);
    parts.push(text.slice(at, from), mark);
    at = to;
  }
  return [...parts, text.slice(at)];
}
