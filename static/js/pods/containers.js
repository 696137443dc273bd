/** The drawing of a pod's containers and conditions: written anew only where they differ. */
import { byId, setText } from './page.js';
import { partsOf } from './parts.js';
import { humanDuration, instant } from './time.js';

export class Containers {
  #texts;
  #clock;
  #log;
  #drawn = [];
  #conditions = '';

  /** @param {(container: string, previous: boolean) => void} log shows a container's log */
  constructor(texts, clock, log) {
    this.#texts = texts;
    this.#clock = clock;
    this.#log = log;
  }

  draw({ containers, conditions }, logs) {
    const same = containers.length === this.#drawn.length;
    if (!same || containers.some(({ name }, at) => this.#drawn[at].one.name !== name)) {
      this.#drawn = containers.map((one) => this.#make(one));
      byId('containers').replaceChildren(...this.#drawn.map(({ item }) => item));
    }
    this.#drawn.forEach((drawn, at) => this.#fill(Object.assign(drawn, { one: containers[at], logs })));
    const signature = JSON.stringify(conditions);
    if (signature !== this.#conditions) {
      this.#conditions = signature;
      byId('conditions').replaceChildren(...conditions.map((one) => this.#condition(one)));
    }
  }

  /** Ages grow. */
  tick() {
    this.#drawn.forEach((drawn) => this.#fill(drawn));
  }

  /** Another pod's. */
  clear() {
    this.#drawn = [];
    this.#conditions = '';
    byId('containers').replaceChildren();
    byId('conditions').replaceChildren();
  }

  #make(one) {
    const item = byId('container-template').content.firstElementChild.cloneNode(true);
    const parts = partsOf(item);
    parts.log.addEventListener('click', () => this.#log(one.name, false));
    parts['log-previous'].addEventListener('click', () => this.#log(one.name, true));
    return { item, parts, one, logs: false };
  }

  #fill({ item, parts, one, logs }) {
    const { ui } = this;
    setText(parts.name, one.name);
    setText(parts.kind, one.kind === 'container' ? '' : ui(`kind_${one.kind}`));
    setText(parts.image, one.image);
    setText(parts.state, this.#state(one.state));
    setText(parts.meaning, this.#meaning(one.state));
    item.classList.toggle('bad', one.state?.state === 'terminated' && one.state.exit_code !== 0);
    setText(parts.restarts, ui('restarted', { count: one.restarts }));
    parts.last.hidden = one.last === null;
    const last = one.last === null ? '' : ui('last_run', { state: this.#state(one.last) });
    setText(parts.last, this.#texts.join([last, one.last === null ? '' : this.#meaning(one.last)]));
    setText(parts.message, one.state?.message ?? one.last?.message ?? '');
    parts.log.hidden = !logs;
    parts['log-previous'].hidden = !logs || one.last === null;
  }

  ui = (key, fields) => this.#texts.ui(key, fields);

  /** What an exit code usually means; "" where it usually means nothing. */
  #meaning(state) {
    const code = state?.state === 'terminated' ? state.exit_code : null;
    return code === null ? '' : this.#texts.sentence('why', `exit_${code}`);
  }

  #state(state) {
    if (state === null) {
      return this.ui('state_unknown');
    }
    const since = instant(state.since);
    const age = since === null ? '' : humanDuration(Math.max(0, this.#clock.now() - since));
    const words = { reason: state.reason ?? '', age, code: state.exit_code ?? '' };
    if (state.state === 'terminated') {
      return this.ui(age === '' ? 'state_terminated_once' : 'state_terminated', words);
    }
    const plain = state.state === 'running' ? age === '' : words.reason === '';
    return this.ui(plain ? `state_${state.state}_now` : `state_${state.state}`, words);
  }

  #condition({ type, status, reason, message, since }) {
    const item = document.createElement('li');
    item.classList.toggle('warn', status !== 'True');
    const name = document.createElement('b');
    name.textContent = `${type}: ${status}`;
    const time = since === null ? '' : this.#texts.time(instant(since));
    const words = [reason, message].filter(Boolean).join(': ');
    item.append(name, ` ${[words, time].filter(Boolean).join(' · ')}`);
    return item;
  }
}
