// JavaScript lint: the recommended rules, and what ES modules without a build step must keep.
import js from "@eslint/js";
import globals from "globals";

import noTexts from "./tools/eslint-no-texts.js";

export default [
  { ignores: ["static/vendor/**", "staticfiles/**", "node_modules/**"] },
  js.configs.recommended,
  {
    files: ["static/js/**/*.js"],
    languageOptions: { globals: globals.browser },
    plugins: { portal: { rules: { "no-texts": noTexts } } },
    rules: { "portal/no-texts": "error" },
  },
  {
    // Kubernetes' own YAML.
    files: ["static/js/pods/role.js"],
    rules: { "portal/no-texts": "off" },
  },
  {
    files: ["tests/js/**/*.mjs"],
    languageOptions: { globals: globals.node },
  },
  {
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 60 }],
      "no-console": "error",
      "no-implied-eval": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Set textContent: rows hold text from the cluster." },
        { property: "outerHTML", message: "Set textContent: rows hold text from the cluster." },
      ],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["tests/js/**/*.mjs"],
    rules: { "max-lines-per-function": "off" },
  },
];
