/** The words and the drawing of a rollout in its group's header. */
import { reasonOf, setShape, setText } from './page.js';
import { isTelling, reached } from './rollouts.js';
import { humanDuration, instant } from './time.js';

/** The shape beside each state: never colour alone. */
const SHAPES = { stuck: 'failing', progressing: 'waiting', paused: 'gone', done: 'done' };

/**
 * What is said of a rollout.
 *
 * @returns {{state: string, numbers: string, revisions: string, reason: string}}
 */
export function rolloutWords(rollout, texts, now) {
  return {
    state: stateWords(rollout, texts, now),
    numbers: numbersOf(rollout, texts),
    revisions: revisionsOf(rollout, texts),
    reason: rollout.why === null ? '' : reasonOf(rollout, texts).all,
  };
}

/** "3 of 3 ready", or of a Job "1 of 3 succeeded". */
export function readyWords({ kind, ready, desired }, texts) {
  return texts.ui(kind === 'Job' ? 'rollout_succeeded' : 'rollout_ready', { ready, desired });
}

function stateWords(rollout, texts, now) {
  const since = instant(rollout.since);
  const state = texts.ui(`rollout_${stateKey(rollout)}`);
  const age = since === null ? null : humanDuration(Math.max(0, now - since));
  return age === null || rollout.state === 'done' ? state : texts.ui('rollout_for', { state, age });
}

function stateKey({ kind, state, updated, desired, revisions }) {
  if (state !== 'progressing') {
    return kind === 'Job' && state === 'stuck' ? 'failed' : state;
  }
  if (kind === 'Job') {
    return 'running';
  }
  return updated < desired || revisions.length > 1 ? 'progressing' : 'waiting';
}

function numbersOf(rollout, texts) {
  const { kind, updated } = rollout;
  const key = kind === 'Job' ? 'rollout_active' : 'rollout_updated';
  return `${readyWords(rollout, texts)} · ${texts.ui(key, { count: updated })}`;
}

/** "old 5c6d7e: 2 → new 7d4b9c: 1", while there are several. */
function revisionsOf({ name, revisions }, texts) {
  if (revisions.length < 2) {
    return '';
  }
  const short = (revision) => revision.name.replace(`${name}-`, '');
  const word = (revision) =>
    texts.ui(revision.current ? 'rollout_new' : 'rollout_old', { name: short(revision), count: revision.desired });
  const old = revisions.filter(({ current }) => !current).map(word);
  return [...old.reverse(), word(revisions.find(({ current }) => current))].join(' → ');
}

export class RolloutLine {
  #parts;
  #texts;
  #rollout = null;

  /** @param {Object<string, HTMLElement>} parts `rollout` and what is in it  @param {Texts} texts */
  constructor(parts, texts) {
    this.#parts = parts;
    this.#texts = texts;
  }

  /** Draws a rollout, or none. */
  fill(rollout, now) {
    const telling = isTelling(rollout);
    const { rollout: line, all } = this.#parts;
    line.hidden = !telling;
    setText(all, rollout === null || telling ? '' : readyWords(rollout, this.#texts));
    this.#rollout = telling ? rollout : null;
    if (telling) {
      line.dataset.state = rollout.state;
      setShape(this.#parts.shape, SHAPES[rollout.state]);
      this.#bar(rollout);
      const { numbers, revisions, reason } = rolloutWords(rollout, this.#texts, now);
      setText(this.#parts.numbers, numbers);
      setText(this.#parts.revisions, revisions);
      setText(this.#parts.reason, reason);
      this.#parts.reason.title = reason;
      this.tick(now);
    }
  }

  /** The age of its state. */
  tick(now) {
    if (this.#rollout !== null) {
      setText(this.#parts.state, stateWords(this.#rollout, this.#texts, now));
    }
  }

  #bar(rollout) {
    const { progress, filled } = this.#parts;
    const count = reached(rollout);
    const most = Math.max(rollout.desired, 1);
    progress.setAttribute('aria-valuemax', String(most));
    progress.setAttribute('aria-valuenow', String(count));
    progress.setAttribute('aria-valuetext', this.#texts.ui('rollout_reached', { count, most }));
    filled.style.width = `${(100 * count) / most}%`;
  }
}
