/** The menu in which columns are chosen: the page's own, and the labels that the pods have. */
import { isLabel, toggled } from './columns.js';
import { presentValues } from './filter.js';
import { byId } from './page.js';

/** Labels that are offered; any other can stand in the address. */
const MOST_LABELS = 30;

export class ColumnsMenu {
  #page;
  #list = byId('columns-list');

  /** @param {PodsPage} page whose `view` and `columns` are meant */
  constructor(page) {
    this.#page = page;
    byId('columns').addEventListener('toggle', () => this.#draw());
    byId('columns-own').addEventListener('click', () => {
      page.setView({ columns: null });
      this.#draw();
    });
    this.#list.addEventListener('change', ({ target }) => {
      const { columns, view } = page;
      page.setView({ columns: toggled(columns.of(view), columns.own, target.value) });
    });
  }

  #draw() {
    const { columns, index, texts, view } = this.#page;
    const chosen = columns.of(view);
    const present = [...presentValues(index.rows(), 'label').keys()].slice(0, MOST_LABELS);
    const labels = new Set([...chosen.filter(isLabel), ...present.map((name) => `label:${name}`)]);
    this.#list.replaceChildren(
      ...[...columns.own.map((column) => [column, texts.ui(`column_${column}`)]), ...[...labels].map((one) => [one, one])].map(
        ([column, word]) => choice(column, word, chosen.includes(column)),
      ),
    );
  }
}

function choice(column, word, checked) {
  const label = document.createElement('label');
  const box = label.appendChild(document.createElement('input'));
  box.type = 'checkbox';
  box.value = column;
  box.checked = checked;
  label.append(word);
  return label;
}
