/**
 * Code in colours. A chunk of its own, loaded with the first finished fence: highlight.js with fourteen
 * languages, and an emitter that gives spans as data instead of HTML.
 */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

/** The five voices of code in the style sheets; null is plain ink. */
export type Voice = "word" | "text" | "num" | "name" | "note" | null;

export interface CodeSpan {
  voice: Voice;
  text: string;
}

const VOICES: Record<string, Voice> = {
  keyword: "word",
  built_in: "word",
  literal: "word",
  type: "name",
  operator: null,
  string: "text",
  regexp: "text",
  char: "text",
  addition: "text",
  number: "num",
  symbol: "num",
  bullet: "num",
  deletion: "num",
  title: "name",
  name: "name",
  attr: "name",
  attribute: "name",
  "selector-tag": "word",
  "selector-class": "name",
  "selector-id": "name",
  tag: null,
  section: "name",
  variable: null,
  property: null,
  params: null,
  subst: null,
  comment: "note",
  doctag: "note",
  quote: "note",
  meta: "note",
};

/** Longest code that is given colours, in characters; the rest of a longer one would hold up the page. */
const MAX_CHARACTERS = 60_000;

/** Collects spans; highlight.js asks for this shape (`Emitter`). */
class SpanEmitter {
  readonly spans: CodeSpan[] = [];
  readonly #voices: Voice[] = [];

  addText(text: string): void {
    if (text === "") return;
    const voice = this.#voices.at(-1) ?? null;
    const last = this.spans.at(-1);
    if (last?.voice === voice) last.text += text;
    else this.spans.push({ voice, text });
  }

  startScope(scope: string): void {
    const name = scope.split(".", 1)[0];
    const known = Object.hasOwn(VOICES, name);
    this.#voices.push(known ? VOICES[name] : this.#voices.at(-1) ?? null);
  }

  endScope(): void {
    this.#voices.pop();
  }

  openNode(scope: string): void {
    this.startScope(scope);
  }

  closeNode(): void {
    this.endScope();
  }

  __addSublanguage(emitter: SpanEmitter): void {
    for (const { voice, text } of emitter.spans) {
      this.#voices.push(voice);
      this.addText(text);
      this.#voices.pop();
    }
  }

  finalize(): void {}

  toHTML(): string {
    return "";
  }
}

const GRAMMARS = {
  bash,
  cpp,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  python,
  rust,
  sql,
  typescript,
  xml,
  yaml,
};
for (const [name, grammar] of Object.entries(GRAMMARS)) {
  hljs.registerLanguage(name, grammar);
}
hljs.configure(
  { __emitter: SpanEmitter } as Parameters<
    typeof hljs.configure
  >[0],
);

/** The code as spans, whose texts together are the code; null when it has no colours to give. */
export function highlight(code: string, grammar: string): CodeSpan[] | null {
  if (code.length > MAX_CHARACTERS || !Object.hasOwn(GRAMMARS, grammar)) {
    return null;
  }
  const result = hljs.highlight(code, {
    language: grammar,
    ignoreIllegals: true,
  });
  const { spans } = result._emitter as unknown as SpanEmitter;
  return spans.map(({ text }) => text).join("") === code ? spans : null;
}
