/** Menus made of `<details class="menu">`: one open at a time; Escape and a click outside close. */
export function bindMenus(page = document) {
  const menus = [...page.querySelectorAll('details.menu')];
  const closeOthers = (kept) => {
    for (const menu of menus) {
      if (menu !== kept) {
        menu.open = false;
      }
    }
  };
  for (const menu of menus) {
    menu.addEventListener('toggle', () => menu.open && closeOthers(menu));
  }
  keepPlace(page);
  page.addEventListener('click', (event) => closeOthers(event.target.closest('details.menu')));
  page.addEventListener('keydown', (event) => {
    const open = menus.find((menu) => menu.open);
    if (event.key === 'Escape' && open) {
      open.open = false;
      open.querySelector('summary').focus();
      event.preventDefault();
    }
  });
}

/** Choosing a language leads back to this very view, whose address may have changed since it was loaded. */
function keepPlace(page) {
  for (const form of page.querySelectorAll('form.languages')) {
    form.addEventListener('submit', () => {
      form.elements.next.value = location.pathname + location.search;
    });
  }
}
