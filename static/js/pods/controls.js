/** What a reader works the page of pods with: filters, column heads, history and keys. */
import { bindKeys } from './keys.js';
import { byId } from './page.js';
import { DEFAULT_SORT, HEALTHS } from './sort.js';
import { narrows, readView } from './url.js';

/** @param {PodsPage} page whose `view` the controls read and change, by `setView` */
export function bindFilters(page) {
  byId('status').addEventListener('change', (event) => {
    const { value } = event.target;
    page.setView({ status: new Set(value === '' ? [] : [value]) });
  });
  for (const health of HEALTHS) {
    byId(`chip-${health}`).addEventListener('click', () => {
      const chosen = new Set(page.view.health);
      if (!chosen.delete(health)) {
        chosen.add(health);
      }
      page.setView({ health: chosen });
    });
  }
  byId('group').addEventListener('change', (event) => page.setView({ group: event.target.value }));
  byId('as-table').addEventListener('click', () => page.setView({ map: false }));
  byId('as-map').addEventListener('click', () => page.setView({ map: true }));
  for (const id of ['clear', 'narrowed']) {
    byId(id).addEventListener('click', () => page.clear());
  }
}

/** Back and forward. */
export function bindHistory(page) {
  addEventListener('popstate', () => {
    page.search.rest();
    page.view = readView(location.search);
    page.showView();
  });
}

export function bindSorting(page) {
  byId('not-well').addEventListener('click', () => {
    page.setView({ sort: { ...page.view.sort, notWell: !page.view.sort.notWell } });
  });
  byId('head-row').addEventListener('click', ({ target }) => {
    const column = target.closest('button')?.closest('[data-column]').dataset.column;
    if (column !== undefined) {
      page.setView({ sort: nextSort(page.view.sort, column) });
    }
  });
}

/** Ascending, descending, and then the order that the page began with. */
function nextSort(sort, column) {
  const { notWell } = sort;
  if (sort.column !== column) {
    return { notWell, column, descending: false };
  }
  return sort.descending
    ? { notWell, column: DEFAULT_SORT.column, descending: false }
    : { notWell, column, descending: true };
}

export function bindPageKeys(page) {
  const help = byId('keys');
  const move = (step) => {
    page.shown.move(step);
    page.panel.follow();
  };
  byId('keys-open').addEventListener('click', () => help.showModal());
  bindKeys({
    '/': (event) => {
      event.preventDefault();
      byId('q').focus();
      byId('q').select();
    },
    j: () => move(1),
    k: () => move(-1),
    g: () => move(-Infinity),
    G: () => move(Infinity),
    Enter: (event) => openActive(page, event),
    ...rowKeys(page, move),
    n: () => tell(page),
    Escape: (event) => leave(page, event),
    '?': () => help.showModal(),
  });
}

/** Keys that work only where the focus is in a row; elsewhere they belong to the browser. */
function rowKeys({ table }, move) {
  const inRows = (action) => (event) => {
    if (byId('rows').contains(event.target)) {
      event.preventDefault();
      action(event.target);
    }
  };
  return {
    ArrowDown: inRows(() => move(1)),
    ArrowUp: inRows(() => move(-1)),
    ArrowRight: inRows(() => table.fold(true)),
    ArrowLeft: inRows(() => table.fold(false)),
    o: inRows((target) => target.click()),
    ' ': toggleGroup,
  };
}

/** Opens or closes the group whose header has the focus; whether one has. */
function toggleGroup(event) {
  const header = event.target.matches('[role=row][aria-expanded]');
  if (header) {
    event.preventDefault();
    event.target.click();
  }
  return header;
}

/** Opens what the keys stand on. A link opens by itself. */
function openActive({ panel, shown }, event) {
  const row = shown.active?.row;
  if (!toggleGroup(event) && row && event.target === document.body) {
    panel.choose(`${row.namespace}/${row.name}`);
  }
}

/** Offers to wait for something of the pod that is open, or of what the keys stand on: a pod, or a group's rollout. */
function tell({ panel, shown, tellMenu }) {
  const { header = false, group, row = null, left = null } = shown.active ?? {};
  const rollout = (header && group.rollout) || null;
  const state = panel.row ?? (left === null ? row : null);
  if (state !== null) {
    tellMenu.show({ kind: 'Pod', state });
  } else if (rollout !== null) {
    tellMenu.show({ kind: rollout.kind, state: rollout });
  }
}

/** Closes the pod; else leaves the row; else clears the filters. */
function leave(page, event) {
  if (page.panel.open) {
    event.preventDefault(); // else the browser closes the dialog by itself
    page.panel.choose(null);
  } else if (byId('pods').contains(document.activeElement)) {
    document.activeElement.blur();
    page.shown.active = null;
    page.shown.schedule();
  } else if (narrows(page.view)) {
    page.clear();
  }
}
