/**
 * An ESLint rule: scripts hold no text for people. What they show comes with the page, in its language
 * (pods/texts.py). Found are sentences anywhere, and single words where they are put on the page.
 */

const SENTENCE = /\p{L}{2,},? +\p{L}{2,}/u;
const WORD = /\p{L}{2,}/u;
const SHOWN_PROPERTIES = new Set(["textContent", "innerText", "title", "placeholder", "alt", "ariaLabel", "ariaDescription"]);
const SHOWN_ATTRIBUTES = new Set(["title", "placeholder", "alt", "aria-label", "aria-description"]);

/** The literal texts that an expression may come to, with their nodes. */
function literals(node) {
  switch (node?.type) {
    case "Literal":
      return typeof node.value === "string" ? [[node.value, node]] : [];
    case "TemplateLiteral":
      return [...node.quasis.map((quasi) => [quasi.value.cooked, quasi]), ...node.expressions.flatMap(literals)];
    case "ConditionalExpression":
      return [...literals(node.consequent), ...literals(node.alternate)];
    case "LogicalExpression":
    case "BinaryExpression":
      return [...literals(node.left), ...literals(node.right)];
    default:
      return [];
  }
}

/** What a call puts on the page. */
function shownBy({ callee, arguments: given }) {
  const name = callee.name ?? callee.property?.name;
  if (name === "setText") {
    return given[1];
  }
  if (name === "setAttribute" && SHOWN_ATTRIBUTES.has(given[0]?.value)) {
    return given[1];
  }
  return name === "append" && given.length === 1 ? given[0] : undefined;
}

/**
 * Whether nobody reads it: class names and selectors are words side by side, too, and an error that is
 * thrown says to developers what is wrong.
 */
function isUnseen(node) {
  for (let one = node.parent; one != null && !one.type.endsWith("Statement"); one = one.parent) {
    const name = (one.callee ?? one.left)?.property?.name ?? one.callee?.name ?? "";
    const wanted = one.type === "AssignmentExpression" ? /^className$/ : /^(?:querySelector|closest|matches)|Error$/;
    if (wanted.test(name) || (name === "setAttribute" && one.arguments[0].value === "class")) {
      return true;
    }
  }
  return false;
}

export default {
  meta: {
    type: "problem",
    schema: [],
    messages: { text: "A text for people: “{{text}}”. Take it from the page's texts (pods/texts.py)." },
  },
  create(context) {
    const report = (expression, pattern) => {
      for (const [text, node] of literals(expression)) {
        if (pattern.test(text)) {
          context.report({ node, messageId: "text", data: { text } });
        }
      }
    };
    const reportSentences = (node) => !isUnseen(node) && report({ ...node, expressions: [] }, SENTENCE);
    return {
      Literal: reportSentences,
      TemplateLiteral: reportSentences,
      AssignmentExpression: ({ left, right }) => SHOWN_PROPERTIES.has(left.property?.name) && report(right, WORD),
      CallExpression: (node) => report(shownBy(node), WORD),
      NewExpression: (node) => node.callee.name === "Option" && report(node.arguments[0], WORD),
    };
  },
};
