/** The drawing of a group's header: kind, name, and how many of its pods are how. */
import { setText } from './page.js';
import { HEALTHS } from './sort.js';

export class GroupRow {
  #env;
  #header = null;

  /** @param {HTMLTemplateElement} template  @param {object} env as Table has it */
  constructor(template, env) {
    this.#env = env;
    this.root = template.content.firstElementChild.cloneNode(true);
    this.parts = {};
    for (const part of this.root.querySelectorAll('[data-part]')) {
      this.parts[part.dataset.part] = part;
    }
    this.root.addEventListener('click', () => env.toggle(this.#header));
  }

  /** Where the keys go. */
  get focusable() {
    return this.root;
  }

  /** Draws a header (see groups.js). */
  fill(header) {
    this.#header = header;
    const { group, open } = header;
    const folded = header === group.fold;
    this.root.setAttribute('aria-expanded', String(open));
    this.root.classList.toggle('sub', folded);
    this.root.dataset.group = header.id;
    setText(this.parts.kind, folded ? '' : (group.kind ?? ''));
    setText(this.parts.name, this.#name(header));
    setText(this.parts.namespace, folded ? '' : (group.namespace ?? ''));
    this.#counts(folded ? null : group.counts);
  }

  /** Nothing in a header is a matter of time. */
  tick() {}

  #name({ group, level }) {
    const { texts } = this.#env;
    if (level > 1) {
      return texts.ui('completed_pods', { count: group.done.length });
    }
    return group.name ?? texts.ui(group.kind === 'Node' ? 'no_node' : 'no_owner');
  }

  #counts(counts) {
    this.parts.bar.hidden = counts === null;
    for (const health of HEALTHS) {
      const count = counts?.[health] ?? 0;
      this.parts[`bar-${health}`].style.flexGrow = String(count);
      this.parts[`bar-${health}`].hidden = count === 0;
      this.parts[`${health}-box`].hidden = count === 0;
      setText(this.parts[health], String(count));
    }
  }
}
