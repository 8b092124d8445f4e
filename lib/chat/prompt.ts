/** What goes to the model: the branch of the thread that ends in the question. */
import type { ChatMessage } from "@/lib/llm/types.ts";

/** A message of the branch with its text loaded. */
export interface PromptPart {
  role: "user" | "assistant";
  text: string;
}

/** What is asked after a part of an answer, to have the rest of it. */
const CONTINUE =
  "Continue your last message exactly where it stops. Do not repeat any of it and do not comment on this request.";

export interface PromptOptions {
  /** What the thread's project tells the model. */
  systemPrompt?: string | null;
  /** Part of the answer that is there already; the model is asked for the rest. */
  kept?: string;
}

/** Builds the request's messages. An answer that never got a text is left out. */
export function toPrompt(
  parts: PromptPart[],
  { systemPrompt, kept = "" }: PromptOptions = {},
): ChatMessage[] {
  const messages: ChatMessage[] = parts
    .filter((part) => part.role === "user" || part.text !== "")
    .map((part) => ({ role: part.role, content: part.text }));
  if (kept !== "") {
    messages.push(
      { role: "assistant", content: kept },
      { role: "user", content: CONTINUE },
    );
  }
  return systemPrompt
    ? [{ role: "system", content: systemPrompt }, ...messages]
    : messages;
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
