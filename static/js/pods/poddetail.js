/**
 * What the portal tells of a pod beyond its row: asked for when there is a row and when it has changed, and every few
 * seconds while the page is in sight, for events change without the row.
 */

/** Answers are not asked for more often than this. */
const DISTANCE = 1000;
const WITHIN = 10_000;
/** As long after an answer that is whole, or after a request that failed, the next one comes by itself. */
const AGAIN = 5000;
/** A pod that the reader only passes on the way to another is not asked for. */
const PASSING = 150;

export class PodDetail {
  #address;
  #heard;
  #timer = null;
  #due = Infinity;
  #askedAt = 0;
  #end = new AbortController();

  /**
   * Asks from the first `changed` until `stop`.
   *
   * @param {string} address of the API
   * @param {(answer: {pod: object, owners: object[], events: object[]|null, logs: boolean}) => void} heard
   */
  constructor(address, heard) {
    this.#address = address;
    this.#heard = heard;
    const { signal } = this.#end;
    document.addEventListener('visibilitychange', () => this.#askedAt > 0 && this.changed(), { signal });
  }

  /** The row is there, or changed: what is told beyond it may have changed as well. */
  changed() {
    const first = this.#askedAt === 0;
    this.#plan(first ? performance.now() + PASSING : Math.max(performance.now(), this.#askedAt + DISTANCE));
  }

  stop() {
    this.#end.abort();
    clearTimeout(this.#timer);
  }

  /** Asks at `due`, unless it will ask earlier. */
  #plan(due) {
    if (due < this.#due) {
      clearTimeout(this.#timer);
      this.#due = due;
      this.#timer = setTimeout(() => this.#ask(), due - performance.now());
    }
  }

  async #ask() {
    this.#due = Infinity;
    if (document.visibilityState === 'hidden') {
      return; // asks when it is shown again
    }
    const mine = (this.#askedAt = performance.now());
    const answer = await this.#answer();
    if (mine !== this.#askedAt || this.#end.signal.aborted) {
      return; // a later question is on its way or answered, or nobody wants to know any more
    }
    if (answer === null || answer.status >= 500 || answer.ok) {
      const later = answer?.body?.events_lack?.code === 'events_later';
      this.#plan(performance.now() + (later ? DISTANCE : AGAIN));
    }
    if (answer?.ok) {
      this.#heard(answer.body);
    }
  }

  /** The answer, null where the line is broken or slow: the page's feed says so. */
  async #answer() {
    try {
      const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(WITHIN)]);
      const answer = await fetch(this.#address, { credentials: 'same-origin', signal });
      return { ok: answer.ok, status: answer.status, body: answer.ok ? await answer.json() : null };
    } catch (error) {
      if (error instanceof TypeError || error instanceof DOMException) {
        return null;
      }
      throw error;
    }
  }
}
