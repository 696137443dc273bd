/**
 * The map: each pod a cell, its shape and colour its health, in the groups and the order of the list.
 * Only the bands in view are in the document. One cell is in the Tab order; arrows move.
 */
import { MAP_SIZES, across, bandAt, mapLayout, places } from './maplayout.js';
import { MapTip } from './maptip.js';
import { Tile, entryOf } from './maptile.js';
import { placeInOrder } from './parts.js';

const OVERSCAN = 200;

export class PodMap {
  #body;
  #template;
  #index;
  #env;
  #tip;
  #tiles = new Map();
  #layout = { bands: [], height: 0 };
  #sizes = MAP_SIZES.wide;
  #frame = null;
  #tabbed;

  /**
   * @param {{body: HTMLElement, template: HTMLTemplateElement, tip: HTMLElement, index: RowIndex}} parts
   * @param {object} env as Table has it
   */
  constructor({ body, template, tip, index }, env) {
    this.#body = body;
    this.#template = template;
    this.#index = index;
    this.#env = env;
    this.#tip = new MapTip(body, tip, env);
    /** The entry that the keys stand on. */
    this.active = null;
    body.addEventListener('keydown', (event) => this.#key(event));
    body.addEventListener('focusin', ({ target }) => {
      this.active = entryOf(target);
    });
  }

  /** Takes the sizes of `wide` or `narrow`. */
  setSizes(name) {
    this.#sizes = MAP_SIZES[name];
  }

  schedule() {
    if (this.#frame === null) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = null;
        this.draw();
      });
    }
  }

  draw() {
    const held = this.#body.contains(document.activeElement) ? this.active : null;
    this.#lay();
    const bands = this.#inView(this.#body.getBoundingClientRect().top);
    const wanted = bands.flatMap((band) => band.tiles.map((tile) => ({ ...tile, top: band.top })));
    this.#recycle(new Set(wanted.map(keyOf)));
    this.#body.style.height = `${this.#layout.height}px`;
    const drawn = wanted.map((tile) => this.#tile(tile));
    placeInOrder(this.#body, drawn);
    this.#rove(drawn);
    const link = this.#linkOf(held);
    if (link !== document.activeElement) {
      link?.focus({ preventScroll: true }); // the focus goes with its pod
    }
    this.#tip.draw();
  }

  /** What is told of the pod under the pointer grows older. */
  tick() {
    this.#tip.draw();
  }

  /** Nothing here is kept in its place. */
  letGo() {}

  /** Cells have no columns. */
  rebuild() {}

  /** Moves to the cell `step` further, or to the first or last. */
  move(step) {
    this.#lay();
    const all = [...places(this.#layout, this.#sizes)];
    const from = all.findIndex(({ entry }) => entry === this.active);
    const at = from < 0 && Number.isFinite(step) ? 0 : from + step;
    this.#moveTo(all[Math.min(all.length - 1, Math.max(0, at))]);
  }

  enter() {
    this.move(0);
  }

  #lay() {
    const groups = this.#index.groups;
    this.#layout = mapLayout(groups, this.#body.clientWidth, this.#sizes, this.#index.headed);
  }

  #inView(begin) {
    const { bands } = this.#layout;
    if (bands.length === 0) {
      return [];
    }
    const first = bandAt(this.#layout, this.#env.covered() - begin - OVERSCAN);
    const last = bandAt(this.#layout, window.innerHeight - begin + OVERSCAN);
    return bands.slice(first, last + 1);
  }

  #recycle(wanted) {
    for (const [key, tile] of this.#tiles) {
      if (!wanted.has(key)) {
        this.#tiles.delete(key);
        tile.root.remove();
      }
    }
  }

  #tile(place) {
    const key = keyOf(place);
    let tile = this.#tiles.get(key);
    if (tile === undefined) {
      tile = new Tile(this.#template, this.#env);
      this.#tiles.set(key, tile);
    }
    tile.fill(place);
    return tile;
  }

  /** One cell is in the Tab order: the active one, else the first in view. */
  #rove(drawn) {
    const chosen = this.#linkOf(this.active) ?? drawn[0]?.cells[0]?.link;
    if (chosen !== this.#tabbed) {
      this.#tabbed?.setAttribute('tabindex', '-1');
      chosen?.setAttribute('tabindex', '0');
      this.#tabbed = chosen;
    }
  }

  #linkOf(entry) {
    if (entry !== null) {
      for (const tile of this.#tiles.values()) {
        const cell = tile.cells.find(({ link }) => entryOf(link) === entry);
        if (cell !== undefined) {
          return cell.link;
        }
      }
    }
    return undefined;
  }

  // ---- keys

  #key(event) {
    const cell = event.target.closest('a');
    const action = {
      ArrowRight: () => this.move(1),
      ArrowLeft: () => this.move(-1),
      ArrowDown: () => this.#cross(1),
      ArrowUp: () => this.#cross(-1),
      Home: () => this.move(-Infinity),
      End: () => this.move(Infinity),
    }[event.key];
    if (cell !== null && action !== undefined && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      action();
    }
  }

  #cross(way) {
    const all = [...places(this.#layout, this.#sizes)];
    const from = all.find(({ entry }) => entry === this.active);
    this.#moveTo(from === undefined ? undefined : across(all, from, way, this.#sizes.tile / 2));
  }

  #moveTo(place) {
    if (place) {
      this.active = place.entry;
      this.#body.style.height = `${this.#layout.height}px`;
      this.#reveal(place.y);
      this.draw();
      this.#linkOf(place.entry)?.focus({ preventScroll: true });
    }
  }

  #reveal(y) {
    const top = this.#body.getBoundingClientRect().top + y;
    const over = top - this.#env.covered() - 8;
    const under = top + this.#sizes.cell - (window.innerHeight - 56);
    if (over < 0 || under > 0) {
      window.scrollBy({ top: over < 0 ? over : under, behavior: 'instant' });
    }
  }
}

function keyOf({ group, from }) {
  return `${group.id}\n${from}`;
}
