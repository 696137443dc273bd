/** A pod's log: which container, following, searching, copying, downloading. */
import { attach, browserEnv } from './browser.js';
import { LogFeed, MOST } from './logfeed.js';
import { byId, setText } from './page.js';
import { instant } from './time.js';

/** So near the end counts as at the end, in pixels. */
const NEAR = 24;

export class LogPanel {
  #texts;
  #address = '';
  #pod = '';
  #feed = null;
  #containers = '';
  #frame = null;
  #fresh = [];
  #atEnd = true;
  #ran = false;

  constructor(texts) {
    this.#texts = texts;
    this.list = byId('log-lines');
    byId('log-container').addEventListener('change', () => this.#open());
    byId('log-previous').addEventListener('change', () => this.#open());
    byId('log-follow').addEventListener('change', () => this.#follow());
    byId('log-wrap').addEventListener('change', (event) => this.list.classList.toggle('wrap', event.target.checked));
    byId('log-times').addEventListener('change', (event) => this.list.classList.toggle('timed', event.target.checked));
    byId('log-find').addEventListener('input', () => this.#drawAll());
    byId('log-copy').addEventListener('click', () => this.#copy());
    byId('log-save').addEventListener('click', () => this.#save());
    byId('log-again').addEventListener('click', () => this.#open());
    this.list.addEventListener('scroll', () => this.#scrolled());
    attach(this);
  }

  /** Which containers a pod has; the first time one is chosen, and its log opened from `address`. */
  offer(address, pod, containers) {
    this.#address = address;
    this.#pod = pod;
    this.#goOn(containers);
    const names = containers.map(({ name, kind }) => `${name}/${kind}`).join();
    if (names === this.#containers) {
      return;
    }
    this.#containers = names;
    const select = byId('log-container');
    const chosen = select.value || firstOf(containers);
    select.replaceChildren(...containers.map((one) => new Option(this.#name(one), one.name)));
    select.value = chosen;
    byId('logs').hidden = false;
    if (this.#feed === null) {
      this.#open();
    }
  }

  /** Gives the socket back and forgets the pod. */
  end() {
    this.#feed?.stop();
    this.#feed = null;
    this.#containers = '';
    this.#ran = false;
    this.#fresh = [];
    byId('logs').hidden = true;
    byId('log-container').replaceChildren();
    byId('log-previous').checked = false;
    byId('log-find').value = '';
    this.list.replaceChildren();
  }

  /** A log that had ended goes on when its container runs again. */
  #goOn(containers) {
    const runs = containers.some(
      ({ name, state }) => name === byId('log-container').value && state?.state === 'running',
    );
    if (runs && this.#feed?.state.state === 'ended' && !byId('log-previous').checked) {
      this.#feed.start();
    }
  }

  /** Shows the log of this container, of its run before where that is wanted. */
  show(container, previous) {
    byId('log-container').value = container;
    byId('log-previous').checked = previous;
    this.#open();
    byId('logs').scrollIntoView({ block: 'start' });
    byId('log-container').focus({ preventScroll: true });
  }

  // ---- what `attach` tells: a hidden page reads on, one in the cache gives its socket back

  hidden() {}

  pause() {
    this.#ran = this.#feed?.running === true;
    this.#feed?.stop();
  }

  resume() {
    if (this.#ran) {
      this.#ran = false;
      this.#feed.start();
    }
  }

  online() {}

  #name({ name, kind }) {
    return kind === 'container' ? name : `${name} (${this.#texts.ui(`kind_${kind}`)})`;
  }

  #open() {
    this.#feed?.stop();
    const query = new URLSearchParams({ container: byId('log-container').value });
    if (byId('log-previous').checked) {
      query.set('previous', '1');
    }
    this.#feed = new LogFeed(
      `${this.#address}&${query}`,
      {
        lines: (lines) => this.#came(lines),
        state: () => this.#drawState(),
        forgotten: () => this.#drawAll(),
      },
      browserEnv(),
    );
    this.#atEnd = true;
    byId('log-follow').checked = true;
    this.#drawAll();
    this.#drawState();
    this.#feed.start();
  }

  #follow() {
    const follows = byId('log-follow').checked;
    this.#feed.pause(!follows);
    if (follows) {
      this.#atEnd = true;
      this.#toEnd();
    }
    this.#drawState();
  }

  #came(lines) {
    this.#fresh.push(...lines);
    if (this.#fresh.length > MOST) {
      this.#fresh.splice(0, this.#fresh.length - MOST); // a hidden page draws nothing
    }
    if (this.#frame === null) {
      this.#frame = requestAnimationFrame(() => this.#drawFresh());
    }
  }

  #line = (line) => lineOf(line, this.#texts);

  #drawFresh() {
    this.#frame = null;
    if (this.#feed === null) {
      return;
    }
    const wanted = this.#wanted();
    this.list.append(...this.#fresh.filter(wanted).map(this.#line));
    this.#fresh = [];
    while (this.list.children.length > this.#feed.lines.length) {
      this.list.firstElementChild.remove();
    }
    this.#drawCount();
    this.#toEnd();
  }

  #drawAll() {
    this.#fresh = [];
    this.list.replaceChildren(...this.#feed.lines.filter(this.#wanted()).map(this.#line));
    this.#drawCount();
    this.#toEnd();
  }

  #wanted() {
    const find = byId('log-find').value.toLowerCase();
    return ({ text }) => find === '' || text.toLowerCase().includes(find);
  }

  #drawCount() {
    const { lines, dropped } = this.#feed;
    const shown = this.list.children.length;
    const all = lines.length + dropped;
    setText(byId('log-count'), this.#texts.ui('log_count', { shown, all }));
  }

  #drawState() {
    const { state, code, params, reason } = this.#feed.state;
    const section = state === 'refused' ? 'error' : 'feed';
    const paused = this.#feed.paused && state === 'following';
    const word = paused ? 'log_paused' : `log_${state}`;
    byId('logs').dataset.log = paused ? 'paused' : state;
    setText(byId('log-word'), this.#texts.ui(word));
    const said = code === null || paused ? '' : this.#texts.sentence(section, code, params, reason);
    setText(byId('log-reason'), said);
    byId('log-again').hidden = !['ended', 'refused'].includes(state);
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #toEnd() {
    if (this.#atEnd) {
      this.list.scrollTop = this.list.scrollHeight;
    }
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#feed.text(byId('log-times').checked));
      setText(byId('log-said'), this.#texts.ui('copied'));
    } catch {
      getSelection().selectAllChildren(this.list);
      setText(byId('log-said'), this.#texts.ui('copy_by_key'));
    }
  }

  #save() {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([this.#feed.text(true)], { type: 'text/plain' }));
    const run = byId('log-previous').checked ? '-previous' : '';
    link.download = `${this.#pod}-${byId('log-container').value}${run}.log`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

/** The container that people most likely want: one that fails, else the first that is no helper. */
function firstOf(containers) {
  const own = containers.filter(({ kind }) => kind === 'container');
  const bad = containers.find(({ state }) => state?.state === 'terminated' && state.exit_code !== 0);
  return (bad ?? own.find(({ ready }) => !ready) ?? own[0] ?? containers[0]).name;
}

function lineOf({ time, text }, texts) {
  const line = document.createElement('div');
  if (time !== null) {
    const stamp = document.createElement('time');
    stamp.dateTime = time;
    stamp.textContent = texts.time(instant(time));
    line.append(stamp);
  }
  line.append(text);
  return line;
}
