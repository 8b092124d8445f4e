/** Names of programming languages, as a fence spells them. */

/** Label and highlighter name; aliases point at the same entry. */
const LANGUAGES: [label: string, grammar: string | null, names: string][] = [
  ["JavaScript", "javascript", "js javascript jsx mjs cjs"],
  ["TypeScript", "typescript", "ts typescript tsx mts"],
  ["Python", "python", "py python python3"],
  ["Shell", "bash", "sh bash zsh shell console shell-session"],
  ["JSON", "json", "json jsonc json5 jsonl"],
  ["HTML", "xml", "html htm"],
  ["XML", "xml", "xml svg"],
  ["CSS", "css", "css"],
  ["SQL", "sql", "sql postgres postgresql sqlite mysql"],
  ["YAML", "yaml", "yaml yml"],
  ["Go", "go", "go golang"],
  ["Rust", "rust", "rs rust"],
  ["Java", "java", "java"],
  ["C", "cpp", "c h"],
  ["C++", "cpp", "cpp c++ cc hpp"],
  ["Diff", "diff", "diff patch"],
  ["Markdown", null, "md markdown"],
  ["C#", null, "cs csharp c#"],
  ["PHP", null, "php"],
  ["Ruby", null, "rb ruby"],
  ["Swift", null, "swift"],
  ["Kotlin", null, "kt kotlin"],
  ["Dockerfile", null, "dockerfile docker"],
  ["TOML", null, "toml"],
  ["LaTeX", null, "tex latex"],
  ["Text", null, "text txt plain plaintext"],
];

const BY_NAME = new Map(
  LANGUAGES.flatMap(([label, grammar, names]) =>
    names.split(" ").map((name) => [name, { label, grammar }] as const)
  ),
);

export interface CodeLanguage {
  /** How people call it. */
  label: string;
  /** How highlight.js calls it; null when it is shown without colours. */
  grammar: string | null;
}

/** The language named by a fence's info string, such as `ts title=x`. */
export function codeLanguage(info: string | undefined): CodeLanguage {
  const name = (info ?? "").trim().split(/[\s,{:]/, 1)[0];
  if (name === "") return { label: "Code", grammar: null };
  return BY_NAME.get(name.toLowerCase()) ?? { label: name, grammar: null };
}
