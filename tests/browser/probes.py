"""What is wrong with a page as it is shown, a line for each fault: for axe, of language, of space."""

from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# Of Django's own templates and scripts: the tooltip of a filter, and the head of a column of hidden fields.
DJANGOS = [".help-tooltip", "th.original"]
AXE = """([rules, exclude]) => axe.run({ exclude }, { runOnly: rules }).then(({ violations }) =>
  violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, any }) =>
    `${id}: ${help}: ${html.slice(0, 160)} ${any.map(({ message }) => message).join(' ')}`)))"""

# Two English words side by side, in what is shown and no name, code or message of the cluster's own.
ENGLISH = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const code = '.mono, pre, code, kbd, script, noscript, template';
  const data = `${code}, #rows .why, .plain-why, [data-part=owner], #fact-owners, #conditions, ` +
    '[data-part=message]';
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim().replaceAll('Kubernetes API', '');
    if (/[A-Za-z]{2,} [A-Za-z]{2,}/.test(text) && !element.closest(data) && element.checkVisibility()) {
      found.push(`in English: ${text}`);
    }
  }
  return found;
}"""

# What stands side by side, or one below the other, each apart from the next.
CROWDED = """() => {
  const groups = '.top, .head, .chips, .tools, .foot, .page, .sign-in-card, .facts, .namespaces li';
  const above = '.vh, .foot, dialog';
  const boxes = (one) => [...one.children].filter((child) => child.checkVisibility() && !child.matches(above))
    .map((child) => [child.getBoundingClientRect(), child.outerHTML.slice(0, 60)])
    .filter(([box]) => box.width > 1 && box.height > 1);
  const found = [];
  for (const group of document.querySelectorAll(groups)) {
    const all = boxes(group);
    all.forEach(([a, first], at) => all.slice(at + 1).forEach(([b, second]) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 1) found.push(`${first} lies over ${second}`);
    }));
  }
  const beyond = document.documentElement.scrollWidth - innerWidth;
  return beyond > 0 ? [...found, `${beyond} pixels too wide`] : found;
}"""


def violations(page: Page, axe: str) -> list[str]:
    """What axe finds. Its script is evaluated: as an element the page's own policy would refuse it."""
    page.evaluate(axe)
    found: list[str] = page.evaluate(AXE, [RULES, DJANGOS])
    return found


def english(page: Page) -> list[str]:
    """What is shown in English."""
    found: list[str] = page.evaluate(ENGLISH)
    return found


def crowded(page: Page) -> list[str]:
    """What lies over something else, and by how much the page is too wide."""
    found: list[str] = page.evaluate(CROWDED)
    return found
