/**
 * One pod as a card, on its own page and beside the list: its row, and what the portal tells beyond it.
 *
 * Holds at most one pod at a time: `begin` with another, or `end`, lets go of everything that the one before
 * had under way, its log's socket included.
 */
import { Containers } from './containers.js';
import { EventList } from './eventlist.js';
import { LogPanel } from './logpanel.js';
import { byId, setText } from './page.js';
import { PodDetail } from './poddetail.js';
import { PodFacts } from './podfacts.js';
import { podAddress } from './url.js';
import { WhyLog } from './whylog.js';

/** The text in place of a pod, by the feed's state. */
const EMPTY = {
  live: 'no_such_pod',
  polling: 'no_such_pod',
  catching_up: 'loading',
  stale: 'no_rows_stale',
  signed_out: 'signed_out',
  ended: 'ended',
};

export class PodCard {
  #config;
  #texts;
  #facts;
  #containers;
  #events;
  #logs;
  #whyLog;
  #detail = null;
  #pod = { namespace: '', name: '' };

  /**
   * @param {{config: object, texts: Texts, clock: ServerClock}} env
   * @param {(term: string) => string} filterAddress the address of the list with this filter
   */
  constructor({ config, texts, clock }, filterAddress) {
    this.#config = config;
    this.#texts = texts;
    this.#facts = new PodFacts(texts, clock, filterAddress);
    this.#logs = new LogPanel(texts);
    const show = (container, previous) => this.#logs.show(container, previous);
    this.#containers = new Containers(texts, clock, show);
    this.#whyLog = new WhyLog(show);
    this.#events = new EventList(texts, clock);
  }

  /** Shows this pod from now on. */
  begin(namespace, name) {
    this.end();
    this.#pod = { namespace, name };
    const address = podAddress(this.#config.urls.detail, this.#pod);
    this.#detail = new PodDetail(address, (answer) => this.#told(answer));
  }

  /** Lets go of the pod. */
  end() {
    this.#detail?.stop();
    this.#detail = null;
    this.#facts.owners = null;
    this.#logs.end();
    this.#whyLog.answer = null;
    this.#containers.clear();
    this.#events.clear();
    byId('detail').hidden = true;
  }

  /** The pod's row changed. */
  changed() {
    this.#detail?.changed();
  }

  /** @param {object|null} row null where there is none to show  @param {number|null} goneAt */
  draw(row, goneAt, feed) {
    byId('pod-card').hidden = row === null;
    byId('pod-empty').hidden = row !== null;
    if (row === null) {
      this.#drawEmpty(feed);
    } else {
      this.#facts.draw(row, goneAt);
      this.#whyLog.draw(row);
      this.#containers.tick();
      this.#events.tick();
    }
  }

  #drawEmpty({ view, reason, signInAddress }) {
    const refused = view.code === 'forbidden' && view.outcome === undefined;
    const key = refused ? 'not_readable' : EMPTY[view.state];
    setText(byId('pod-empty-title'), this.#texts.ui(key, this.#pod));
    setText(byId('pod-empty-text'), view.state === 'ended' ? reason : this.#texts.ui(`${key}_help`));
    byId('pod-sign-in').hidden = view.state !== 'signed_out';
    byId('pod-sign-in').href = signInAddress;
  }

  #told({ pod, owners, events, events_lack: lack, logs }) {
    this.#whyLog.answer = { pod, logs };
    this.#facts.owners = owners ?? null;
    this.#containers.draw(pod, logs);
    this.#events.draw(events ?? null, lack ?? null);
    byId('detail').hidden = false;
    if (logs && pod.containers.length > 0) {
      this.#logs.offer(podAddress(this.#config.urls.logs, this.#pod), this.#pod.name, pod.containers);
    }
  }
}
