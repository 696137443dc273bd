/** The drawing of a group's header: kind, name, and how many of its pods are how. */
import { Counts } from './counts.js';
import { setText } from './page.js';
import { partsOf } from './parts.js';
import { RolloutLine } from './rolloutline.js';
import { isLong } from './rollouts.js';

export class GroupRow {
  #env;
  #parts;
  #counts;
  #rollout;
  #header = null;

  /** @param {HTMLTemplateElement} template  @param {object} env as Table has it */
  constructor(template, env) {
    this.#env = env;
    this.root = template.content.firstElementChild.cloneNode(true);
    this.#parts = partsOf(this.root);
    this.#counts = new Counts(this.#parts);
    this.#rollout = new RolloutLine(this.#parts, env.texts);
    this.root.addEventListener('click', () => env.toggle(this.#header));
    this.#parts.tell.addEventListener('click', (event) => {
      event.stopPropagation();
      env.tell(this.#header.group.rollout);
    });
  }

  /** Where the keys go. */
  get focusable() {
    return this.root;
  }

  /** Draws a header (see groups.js). */
  fill(header, now) {
    this.#header = header;
    const { group, open } = header;
    const folded = header === group.fold;
    this.root.setAttribute('aria-expanded', String(open));
    this.root.classList.toggle('sub', folded);
    this.root.dataset.group = header.id;
    const { texts } = this.#env;
    const done = folded ? texts.ui('completed_pods', { count: group.done.length }) : null;
    setText(this.#parts.kind, folded ? '' : (group.kind ?? ''));
    setText(this.#parts.name, done ?? groupName(group, texts));
    setText(this.#parts.namespace, folded ? '' : (group.namespace ?? ''));
    this.#parts.bar.hidden = folded;
    this.#counts.draw(folded ? NOTHING : group.counts);
    this.#rollout.fill(folded ? null : group.rollout, now);
    this.#parts.tell.hidden = folded || group.rollout === null;
    this.root.classList.toggle('tall', header.tall);
    this.root.classList.toggle('long', header.tall && isLong(group.rollout));
  }

  /** Since when its rollout is as it is. */
  tick(now) {
    this.#rollout.tick(now);
  }
}

const NOTHING = { failing: 0, waiting: 0, running: 0, done: 0 };

/** What a group is called, also where its pods have no owner or node. */
export function groupName({ kind, name }, texts) {
  return name ?? texts.ui(kind === 'Node' ? 'no_node' : 'no_owner');
}
