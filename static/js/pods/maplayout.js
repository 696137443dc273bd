/**
 * Where each pod stands in the map: pure, from the groups and the width alone.
 *
 * Small groups stand side by side as tiles, large ones take the whole width. The layout is a list of
 * bands from top to bottom, so that only those in view need be drawn; a large group is cut into
 * several.
 */

/** Pixels, as static/css/map.css sets them. `gutter` is what a tile keeps free at its sides and below. */
export const MAP_SIZES = {
  wide: { cell: 18, tile: 232, head: 30, gutter: 14 },
  narrow: { cell: 24, tile: 340, head: 30, gutter: 14 },
};

/** A group with more lines than this takes the whole width. */
const SMALL = 4;

/** A band has at most so many lines of cells. */
const CUT = 12;

/**
 * @param {Group[]} groups in their order
 * @param {number} width
 * @param {{cell, tile, head, gutter}} sizes
 * @param {boolean} headed whether groups have heads
 * @returns {{bands: {top, height, tiles: {group, from, to, left, width, perLine, head}[]}[], height}}
 *   a tile shows the group's entries from `from` to before `to`
 */
export function mapLayout(groups, width, sizes, headed) {
  const layout = new Layout(width, sizes, headed ? sizes.head : 0);
  groups.forEach((group) => layout.add(group));
  return layout.end();
}

class Layout {
  #sizes;
  #head;
  #width;
  #columns;
  #row = [];
  #bands = [];
  #top = 0;

  constructor(width, sizes, head) {
    this.#sizes = sizes;
    this.#head = head;
    this.#width = width;
    this.#columns = Math.max(1, Math.floor(width / sizes.tile));
  }

  add(group) {
    const width = Math.floor(this.#width / this.#columns);
    const perLine = this.#perLine(width);
    if (this.#columns > 1 && group.size <= perLine * SMALL) {
      const left = this.#row.length * width;
      this.#row.push({ group, from: 0, to: group.size, left, width, perLine, head: this.#head });
      if (this.#row.length === this.#columns) {
        this.#endRow();
      }
    } else {
      this.#endRow();
      this.#addLarge(group);
    }
  }

  end() {
    this.#endRow();
    return { bands: this.#bands, height: this.#top };
  }

  #addLarge(group) {
    const perLine = this.#perLine(this.#width);
    for (let from = 0; from < group.size; from += perLine * CUT) {
      const to = Math.min(group.size, from + perLine * CUT);
      const head = from === 0 ? this.#head : 0;
      const below = to === group.size ? this.#sizes.gutter : 0;
      this.#band([{ group, from, to, left: 0, width: this.#width, perLine, head }], below);
    }
  }

  #endRow() {
    if (this.#row.length > 0) {
      this.#band(this.#row, this.#sizes.gutter);
      this.#row = [];
    }
  }

  #band(tiles, below) {
    const lines = Math.max(...tiles.map(({ from, to, perLine }) => Math.ceil((to - from) / perLine)));
    const height = tiles[0].head + lines * this.#sizes.cell + below;
    this.#bands.push({ top: this.#top, height, tiles });
    this.#top += height;
  }

  #perLine(width) {
    return Math.max(1, Math.floor((width - 2 * this.#sizes.gutter) / this.#sizes.cell));
  }
}

/** Index of the band at `y` pixels from the top. */
export function bandAt({ bands }, y) {
  let low = 0;
  let high = bands.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bands[middle].top <= y) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

/** Every entry with its place `{entry, x, y}`, in the order of the list; made for one key press. */
export function* places({ bands }, { cell }) {
  for (const { top, tiles } of bands) {
    for (const { group, from, to, left, perLine, head } of tiles) {
      for (let at = from; at < to; at += 1) {
        const line = Math.floor((at - from) / perLine);
        yield { entry: group.entryAt(at), x: left + ((at - from) % perLine) * cell, y: top + head + line * cell };
      }
    }
  }
}

/** The nearest place above (`way` -1) or below (1): of those nearest in `y` the nearest in `x`. */
export function across(all, from, way, reach) {
  let best = null;
  for (const place of all) {
    const down = (place.y - from.y) * way;
    const aside = Math.abs(place.x - from.x);
    const far = aside > reach ? 1 : 0;
    if (down > 0 && (best === null || compare([far, down, aside], best.cost) < 0)) {
      best = { place, cost: [far, down, aside] };
    }
  }
  return best?.place ?? null;
}

function compare(a, b) {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
