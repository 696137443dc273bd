/** Pages without live parts: only the header's menus. */
import { bindMenus } from './menu.js';

bindMenus();
