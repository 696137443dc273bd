/**
 * Changes that came and are not drawn yet: of each pod the latest, and when it left. As many as there are
 * pods at most.
 */

export class Pending {
  #rows = new Map();
  #left = new Map();
  #fresh = true;
  #traces = true;

  get empty() {
    return this.#rows.size === 0;
  }

  /**
   * @param {{upserts: object[], removes: string[]}} changes
   * @param {boolean} fresh whether they are news; with one that is not, none of the batch is
   * @param {{at: number, now: number}|null} left when pods left, by the reader's clock and by the server's;
   *   null where it may be the right to see them that ended: then none of the batch leaves a trace
   */
  add({ upserts, removes }, fresh, left) {
    for (const uid of removes) {
      this.#rows.set(uid, null);
      this.#left.set(uid, left);
    }
    for (const row of upserts) {
      this.#rows.set(row.uid, row);
    }
    this.#fresh &&= fresh;
    this.#traces &&= left !== null;
  }

  /** Takes all, as RowIndex.apply takes them. */
  take(freshUntil) {
    const upserts = [];
    const removes = [];
    for (const [uid, row] of this.#rows) {
      if (row === null) {
        removes.push(uid);
      } else {
        upserts.push(row);
      }
    }
    const news = { freshUntil: this.#fresh ? freshUntil : null, left: this.#traces ? this.#left : null };
    this.#rows.clear();
    this.#left = new Map();
    this.#fresh = true;
    this.#traces = true;
    return { upserts, removes, news };
  }
}
