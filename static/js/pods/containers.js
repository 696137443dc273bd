/** A pod's containers and conditions on its page: asked for when its row has changed. */
import { byId, setText } from './page.js';
import { humanDuration, instant } from './time.js';

/** Answers are not asked for more often than this. */
const DISTANCE = 1000;
const WITHIN = 10_000;
/** After a request that failed, the next one comes by itself. */
const AGAIN = 5000;

export class Containers {
  #config;
  #texts;
  #on;
  #timer = null;
  #askedAt = -Infinity;

  /** @param {{detail: (detail: object, logs: boolean) => void, log: (container: string, previous: boolean) => void}} on */
  constructor(config, texts, on) {
    this.#config = config;
    this.#texts = texts;
    this.#on = on;
  }

  /** The row changed: what is shown beyond it may have changed as well. */
  changed(distance = DISTANCE) {
    if (this.#timer === null) {
      this.#timer = setTimeout(() => this.#ask(), Math.max(0, this.#askedAt + distance - performance.now()));
    }
  }

  async #ask() {
    this.#timer = null;
    const mine = (this.#askedAt = performance.now());
    const answer = await this.#answer();
    if (mine !== this.#askedAt) {
      return; // a later question is on its way, or answered
    }
    if (answer === null || answer.status >= 500) {
      this.changed(AGAIN);
    } else if (answer.ok) {
      this.#show(answer.body);
    }
  }

  /** The answer, null where the line is broken or slow: the page's feed says so. */
  async #answer() {
    try {
      const signal = AbortSignal.timeout(WITHIN);
      const answer = await fetch(this.#config.urls.detail, { credentials: 'same-origin', signal });
      return { ok: answer.ok, status: answer.status, body: answer.ok ? await answer.json() : null };
    } catch (error) {
      if (error instanceof TypeError || error instanceof DOMException) {
        return null;
      }
      throw error;
    }
  }

  #show({ pod, logs }) {
    byId('containers').replaceChildren(...pod.containers.map((one) => this.#container(one, logs)));
    byId('conditions').replaceChildren(...pod.conditions.map((one) => this.#condition(one)));
    byId('detail').hidden = false;
    this.#on.detail(pod, logs);
  }

  #container(one, logs) {
    const item = byId('container-template').content.firstElementChild.cloneNode(true);
    const part = (name) => item.querySelector(`[data-part=${name}]`);
    setText(part('name'), one.name);
    setText(part('kind'), one.kind === 'container' ? '' : this.#texts.ui(`kind_${one.kind}`));
    setText(part('image'), one.image);
    setText(part('state'), this.#state(one.state));
    item.classList.toggle('bad', one.state?.state === 'terminated' && one.state.exit_code !== 0);
    setText(part('restarts'), this.#texts.ui('restarted', { count: one.restarts }));
    part('last').hidden = one.last === null;
    setText(part('last'), one.last === null ? '' : this.#texts.ui('last_run', { state: this.#state(one.last) }));
    setText(part('message'), one.state?.message ?? one.last?.message ?? '');
    for (const [name, previous] of [['log', false], ['log-previous', true]]) {
      part(name).hidden = !logs || (previous && one.last === null);
      part(name).addEventListener('click', () => this.#on.log(one.name, previous));
    }
    return item;
  }

  #state(state) {
    if (state === null) {
      return this.#texts.ui('state_unknown');
    }
    const age = state.since === null ? '' : humanDuration(Math.max(0, Date.now() - instant(state.since)));
    const words = { reason: state.reason ?? '', age, code: state.exit_code ?? '' };
    if (state.state === 'terminated') {
      return this.#texts.ui(state.since === null ? 'state_terminated_once' : 'state_terminated', words);
    }
    const plain = state.state === 'running' ? age === '' : words.reason === '';
    return this.#texts.ui(plain ? `state_${state.state}_now` : `state_${state.state}`, words);
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
