/** The drawing of a pod's events, the newest first: written anew only where they differ. */
import { byId, setShape, setText } from './page.js';
import { partsOf } from './parts.js';
import { humanDuration, instant } from './time.js';

export class EventList {
  #texts;
  #clock;
  #drawn = [];
  #signature = '';

  constructor(texts, clock) {
    this.#texts = texts;
    this.#clock = clock;
  }

  /** @param {object[]|null} events  @param {object|null} lack why they cannot be read */
  draw(events, lack) {
    const signature = JSON.stringify(events);
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#drawn = (events ?? []).map((one) => this.#make(one));
      byId('events').replaceChildren(...this.#drawn.map(({ item }) => item));
    }
    setText(byId('events-note'), this.#note(events, lack));
    this.tick();
  }

  /** Ages grow. */
  tick() {
    const now = this.#clock.now();
    for (const { one, parts } of this.#drawn) {
      const last = instant(one.last);
      setText(parts.age, last === null ? '' : humanDuration(Math.max(0, now - last)));
    }
  }

  clear() {
    this.#drawn = [];
    this.#signature = '';
    byId('events').replaceChildren();
    setText(byId('events-note'), '');
  }

  #note(events, lack) {
    if (events === null) {
      return this.#texts.sentence('feed', lack?.code, lack?.params, lack?.reason ?? '');
    }
    return events.length === 0 ? this.#texts.ui('no_events') : '';
  }

  #make(one) {
    const item = byId('event-template').content.firstElementChild.cloneNode(true);
    const parts = partsOf(item);
    const warns = one.type === 'Warning';
    item.classList.toggle('warn', warns);
    setShape(parts.icon, warns ? 'waiting' : 'done');
    setText(parts.type, one.type);
    setText(parts.reason, one.reason);
    setText(parts.count, one.count > 1 ? `×${this.#texts.number(one.count)}` : '');
    parts.count.title = one.count > 1 ? this.#since(one.first) : '';
    parts.age.dateTime = one.last ?? '';
    parts.age.title = one.last === null ? '' : this.#texts.time(instant(one.last));
    setText(parts.message, one.message);
    setText(parts.source, [one.source, one.container].filter(Boolean).join(' · '));
    return { item, parts, one };
  }

  #since(first) {
    return first === null ? '' : this.#texts.ui('why_since', { time: first });
  }
}
