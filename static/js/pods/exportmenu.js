/** The menu that copies and downloads what is shown. */
import { csvText, fileName, jsonText, namesText } from './export.js';
import { kubectlCommand } from './kubectl.js';
import { byId, setText } from './page.js';

const SAID_FOR = 2000;

export class ExportMenu {
  #page;

  /** @param {PodsPage} page whose rows and view are meant */
  constructor(page) {
    this.#page = page;
    const on = (id, action) => byId(id).addEventListener('click', (event) => action(event.currentTarget));
    byId('export').addEventListener('toggle', () => this.#draw());
    on('copy-names', (button) => this.#copy(button, namesText(this.#rows())));
    on('copy-kubectl', (button) => this.#copy(button, this.#kubectl().command));
    on('download-csv', () => this.#download('csv', 'text/csv', csvText));
    on('download-json', () => this.#download('json', 'application/json', jsonText));
  }

  #rows() {
    return [...this.#page.index.matchingRows()];
  }

  #kubectl() {
    const { config, view } = this.#page;
    const params = new URLSearchParams(location.search);
    const [selector, deployment] = ['selector', 'deployment'].map((name) => params.get(name) ?? '');
    return kubectlCommand({ context: config.context, namespaces: config.namespaces, selector, deployment }, view);
  }

  #draw() {
    const { texts, index } = this.#page;
    const { left } = this.#kubectl();
    setText(byId('export-what'), texts.ui('export_what', { count: index.matching }));
    byId('kubectl-left').hidden = left.length === 0;
    setText(byId('kubectl-left'), texts.ui('kubectl_left', { terms: left.join(' ') }));
    byId('export-text').hidden = true;
  }

  async #copy(button, text) {
    const word = button.dataset.word ?? button.textContent;
    button.dataset.word = word;
    try {
      await navigator.clipboard.writeText(text);
      setText(button, this.#page.texts.ui('copied'));
    } catch {
      // No clipboard without HTTPS: the text is selected, ready for the reader's own copy key.
      const field = byId('export-text');
      field.hidden = false;
      field.value = text;
      field.select();
      setText(button, this.#page.texts.ui('copy_by_key'));
    }
    setTimeout(() => setText(button, word), SAID_FOR);
  }

  #download(extension, type, write) {
    const { config, live } = this.#page;
    const about = {
      cluster: config.cluster,
      namespaces: config.namespaces,
      taken: new Date(live.clock.now()).toISOString(),
    };
    const address = URL.createObjectURL(new Blob([write(this.#rows(), about)], { type }));
    const link = document.createElement('a');
    link.href = address;
    link.download = fileName(about, extension);
    link.click();
    // The browser has taken the file by then; kept longer, it would stay in memory.
    setTimeout(() => URL.revokeObjectURL(address), SAID_FOR);
  }
}
