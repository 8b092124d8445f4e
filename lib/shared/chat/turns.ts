/** The thread as the page shows it: turns of one question and its answer. */
import type { Message } from "@/lib/shared/wire.ts";
import { type Answer, answerFromMessage } from "./answer.ts";

/** How many turns a page shows at first, and how many more are brought at once. */
export const TURNS_AT_ONCE = 50;

/** Why the server took no question, in words for a person. */
export interface Refusal {
  /** What happened. */
  message: string;
  code: string;
  /** Id under which the server's log has it; null when the server was not reached. */
  requestId: string | null;
  /** HTTP status; null when the server was not reached. */
  status: number | null;
  /** Seconds after which the same may be asked again, where the server says so. */
  retryAfter?: number;
}

export interface Question {
  /** Message id, made by the browser for a new question. */
  id: string;
  content: string;
  createdAt: string;
  /** Message that it follows; null when it is the first. */
  parentId: string | null;
  /** Ids of its versions, this one included, oldest first. */
  siblings: string[];
}

export interface Turn {
  question: Question;
  /** Null while there is none, as when the question was refused. */
  answer: Answer | null;
  /** Why the newest attempt to have the question answered did not begin; null when it did. */
  refusal: Refusal | null;
}

/**
 * Turns of a branch, oldest first. `lastEventId` belongs to the answer that is streaming. Messages of
 * the system do not show.
 */
export function toTurns(
  messages: Message[],
  lastEventId: string | null,
): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.role === "user") {
      const { id, content, createdAt, parentId, siblings } = message;
      turns.push({
        question: { id, content, createdAt, parentId, siblings },
        answer: null,
        refusal: null,
      });
    } else if (message.role === "assistant" && turns.length > 0) {
      turns[turns.length - 1].answer = answerFromMessage(message, lastEventId);
    }
  }
  return turns;
}

/** Newest message of a branch that the server has; null when it has none. */
export function newestMessageId(turns: Turn[]): string | null {
  for (const { question, answer, refusal } of turns.toReversed()) {
    if (answer?.messageId) return answer.messageId;
    if (refusal === null) return question.id;
  }
  return null;
}

/** The same turns with the last one changed; the others stay the same objects. */
export function withLast(
  turns: Turn[],
  change: (turn: Turn) => Turn,
): Turn[] {
  const last = turns.at(-1);
  if (last === undefined) return turns;
  const next = change(last);
  return next === last ? turns : [...turns.slice(0, -1), next];
}

/** Whether the last answer is still being written. */
export function isAnswering(turns: Turn[]): boolean {
  return turns.at(-1)?.answer?.status === "streaming";
}
