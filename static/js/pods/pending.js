/**
 * Changes that came and are not drawn yet: of each pod the latest, and when it left. As many as there are
 * pods at most.
 */

export class Pending {
  #rows = new Map();
  #left = new Map();
  #fresh = true;

  get empty() {
    return this.#rows.size === 0;
  }

  /**
   * @param {{upserts: object[], removes: string[]}} changes
   * @param {boolean} fresh whether they are news; with one that is not, none of the batch is: pods
   *   that may not be seen any more must leave no trace
   * @param {{at: number, now: number}} left the time, by the reader's clock and by the server's
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
    const news = this.#fresh ? { freshUntil, left: this.#left } : null;
    this.#rows.clear();
    this.#left = new Map();
    this.#fresh = true;
    return { upserts, removes, news };
  }
}
