/** What goes to the model: the branch of the thread that ends in the question. */
import type { ChatMessage } from "@/lib/llm/types.ts";

/** A message of the branch with its text loaded. */
export interface PromptPart {
  role: "user" | "assistant";
  text: string;
}

/** Builds the request's messages. An answer that never got a text is left out. */
export function toPrompt(parts: PromptPart[]): ChatMessage[] {
  return parts
    .filter((part) => part.role === "user" || part.text !== "")
    .map((part) => ({ role: part.role, content: part.text }));
}

/** Characters of the first question that a thread is called by until it has a better title. */
const TITLE_LENGTH = 60;

/** A title from the first question: its first line, cut at a word. */
export function titleFrom(question: string): string {
  const line = question.trim().split("\n", 1)[0].replace(/\s+/g, " ").trim();
  if (line === "") return "New thread";
  const characters = [...line];
  if (characters.length <= TITLE_LENGTH) return line;
  const cut = characters.slice(0, TITLE_LENGTH).join("");
  const atWord = cut.replace(/\s+\S*$/, "");
  return `${atWord.length > TITLE_LENGTH / 2 ? atWord : cut}…`;
}
