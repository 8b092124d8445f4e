/** What the demo model says, in Markdown. */
import type { Found, Manual } from "@/lib/llm/demo/manual.ts";
import { excerpt, type Section } from "@/lib/llm/demo/sections.ts";

const QUOTE_CHARACTERS = 1200;
const MAX_FOUND = 4;
/** A question can be a pasted book; its beginning is enough to search by. */
const QUESTION_CHARACTERS = 1000;

const WHAT_I_AM =
  "I am Freshet's demo, not a language model: I search Freshet's manual and quote it.";
const HOW_TO_CONNECT =
  "To talk to a real model, start Freshet with `OPENAI_API_KEY` set, or with `OPENAI_BASE_URL` set to the address of Ollama (`http://127.0.0.1:11434/v1`), LM Studio or any other OpenAI-compatible server.";

function title(section: Section): string {
  return section.headings.at(-1) ?? section.page;
}

function place(section: Section): string {
  return `\`${section.page}\`, “${title(section)}”`;
}

/** Pages may begin at any heading level; a quote must not look like the answer's own headings. */
function quoted(section: Section): string {
  return excerpt(section.text, QUOTE_CHARACTERS)
    .split("\n")
    .map((line) => line === "" ? ">" : `> ${line}`)
    .join("\n");
}

function nothingFound(manual: Manual): string {
  if (manual.sections.length === 0) {
    return `${WHAT_I_AM} The manual is not here to be read, though.\n\n${HOW_TO_CONNECT}`;
  }
  const pages = manual.pages.map((page) => `- \`${page}\``).join("\n");
  return `${WHAT_I_AM} I found nothing about that. These are its pages:\n\n${pages}\n\n${HOW_TO_CONNECT}`;
}

function withQuote([best, ...others]: Found[]): string {
  const parts = [
    `${WHAT_I_AM} This is what it says in ${place(best.section)}:`,
    quoted(best.section),
  ];
  const further = others.filter(({ score }) => score > best.score / 3);
  if (further.length > 0) {
    const places = further.map(({ section }) => `- ${place(section)}`);
    parts.push(`See also:\n\n${places.join("\n")}`);
  }
  parts.push(HOW_TO_CONNECT);
  return parts.join("\n\n");
}

/** The whole answer to a question. */
export function answerFrom(manual: Manual, question: string): string {
  const asked = question.slice(0, QUESTION_CHARACTERS);
  const found = manual.search(asked, MAX_FOUND);
  return found.length === 0 ? nothingFound(manual) : withQuote(found);
}
