/** A thread as Markdown, for people. */
import type { MessageStatus, Thread } from "@/lib/shared/wire.ts";

/** Longest part of a title in the name of a file, in characters. */
const MAX_TITLE = 60;

const SPEAKERS = { user: "Question", assistant: "Answer" } as const;

const ENDS: Partial<Record<MessageStatus, string>> = {
  streaming: "still being written when this was exported",
  stopped: "stopped",
  failed: "failed",
  interrupted: "interrupted",
};

/** Name of a thread's file: its day, title and id, without what file systems give a meaning. */
export function markdownName(
  { id, title, createdAt }: Pick<Thread, "id" | "title" | "createdAt">,
): string {
  const words = title.normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\\/:*?"<>|]+|\.{2,}/gu, " ")
    .replace(/\s+/g, " ").replace(/^[. ]+/, "");
  const short = [...words].slice(0, MAX_TITLE).join("").replace(/[. ]+$/, "");
  const day = createdAt.slice(0, 10);
  return `threads/${
    [day, short, id].filter((part) => part !== "").join(" ")
  }.md`;
}

/** What stands above the messages. */
export function markdownHead(thread: Thread): string {
  const { title, id, createdAt, updatedAt, model, tags } = thread;
  const facts = [
    `- Id: ${id}`,
    `- Begun: ${createdAt}`,
    `- Last activity: ${updatedAt}`,
    ...(model === null ? [] : [`- Model: ${model}`]),
    ...(tags.length === 0 ? [] : [`- Tags: ${tags.join(", ")}`]),
  ];
  return `# ${title.replace(/\s+/g, " ")}\n\n${facts.join("\n")}\n`;
}

/** One message; its text is Markdown already. */
export function markdownMessage(
  { role, model, status, createdAt }: {
    role: "user" | "assistant";
    model: string | null;
    status: MessageStatus;
    createdAt: string;
  },
  text: string,
): string {
  const by = role === "assistant" && model !== null ? ` by ${model}` : "";
  const end = ENDS[status] === undefined ? "" : `, ${ENDS[status]}`;
  return `\n---\n\n## ${
    SPEAKERS[role]
  }${by}\n\n*${createdAt}${end}*\n\n${text}\n`;
}
