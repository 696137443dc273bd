/**
 * The table's columns: the name, and what the reader chose of the others, any label among them. `columns`
 * in the URL lists them by commas, `label:app` for a label; without it they are the page's own.
 */
import { setText } from './page.js';

/** More would leave none of them room. */
const MOST = 16;

/** How wide each is in a table of chosen columns. */
const TRACKS = {
  name: 'minmax(0, 2.4fr)',
  namespace: 'minmax(0, .8fr)',
  ready: '52px',
  status: 'minmax(0, 1.1fr)',
  restarts: '118px',
  age: '66px',
  node: 'minmax(0, .8fr)',
  ip: 'minmax(0, .7fr)',
  owner: 'minmax(0, 1.1fr)',
};
/** What there is room for beside an open pod. */
const BESIDE = new Set(['namespace', 'ready', 'status', 'restarts', 'age']);
const LABEL_TRACK = 'minmax(0, .8fr)';

export function isLabel(column) {
  return /^label:[\w./-]+$/.test(column);
}

/** Reads the `columns` parameter: null for the page's own; what is not understood is left out. */
export function parseColumns(text) {
  if (!text) {
    return null;
  }
  const known = (column) => column !== 'name' && (Object.hasOwn(TRACKS, column) || isLabel(column));
  return [...new Set(text.split(','))].filter(known).slice(0, MOST);
}

/** The `columns` parameter; with none chosen the name is left. */
export function formatColumns(columns) {
  return columns.length === 0 ? 'name' : columns.join(',');
}

/** The columns with one more or one less: those of the page in its order, then labels as they were chosen. */
export function toggled(columns, own, column) {
  const chosen = columns.includes(column) ? columns.filter((one) => one !== column) : [...columns, column];
  const sorted = [...own.filter((one) => chosen.includes(one)), ...chosen.filter(isLabel)].slice(0, MOST);
  return sorted.join() === own.join() ? null : sorted;
}

/** Heads and cells in the page, which has one of each kind to begin with. */
export class Columns {
  #section;
  #head;
  #row;
  #heads;
  #cells;
  #shown;

  /**
   * @param {HTMLElement} section holds the table
   * @param {HTMLElement} head the row of heads
   * @param {HTMLElement} row the one in the template, from which all rows are made
   */
  constructor(section, head, row) {
    this.#section = section;
    this.#head = head;
    this.#row = row;
    this.#heads = byColumn(head);
    this.#cells = byColumn(row);
    /** The page's own columns, without the name. */
    this.own = [...this.#heads.keys()].filter((column) => column !== 'name');
    this.#shown = this.own.join();
  }

  /** The columns that a view shows on this page. */
  of({ columns }) {
    return (columns ?? this.own).filter((column) => this.#heads.has(column) || isLabel(column));
  }

  /** Shows a view's columns; whether rows must be made anew. */
  show(view) {
    const columns = this.of(view);
    this.#section.classList.toggle('chosen', view.columns !== null);
    this.#section.style.setProperty('--columns', tracks(columns));
    this.#section.style.setProperty('--columns-beside', tracks(columns.filter((column) => BESIDE.has(column))));
    const differs = columns.join() !== this.#shown;
    if (differs) {
      this.#shown = columns.join();
      this.#head.replaceChildren(...['name', ...columns].map((one) => this.#heads.get(one) ?? labelHead(one)));
      const why = this.#row.lastElementChild;
      this.#row.replaceChildren(...['name', ...columns].map((one) => this.#cells.get(one) ?? labelCell(one)), why);
    }
    this.#mark(view.sort);
    return differs;
  }

  #mark({ column, descending }) {
    for (const head of this.#head.children) {
      const direction = descending ? 'descending' : 'ascending';
      head.setAttribute('aria-sort', head.dataset.column === column ? direction : 'none');
    }
  }
}

function byColumn(row) {
  return new Map([...row.querySelectorAll('[data-column]')].map((cell) => [cell.dataset.column, cell]));
}

function tracks(columns) {
  return ['name', ...columns].map((one) => TRACKS[one] ?? LABEL_TRACK).join(' ');
}

function labelHead(column) {
  const head = document.createElement('div');
  head.setAttribute('role', 'columnheader');
  head.className = 'c-label';
  head.dataset.column = column;
  const button = head.appendChild(document.createElement('button'));
  button.type = 'button';
  setText(button, column.slice('label:'.length));
  button.title = column;
  return head;
}

function labelCell(column) {
  const cell = document.createElement('div');
  cell.setAttribute('role', 'gridcell');
  cell.className = 'c-label mono';
  cell.dataset.label = column.slice('label:'.length);
  return cell;
}
