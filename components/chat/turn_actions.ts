import type { ReadonlySignal } from "@preact/signals";
import type { Refusal } from "@/lib/shared/chat/turns.ts";

/** What someone can do with a turn. */
export interface TurnActions {
  /** Whether an answer is being written, which keeps the branch as it is. */
  isLocked: ReadonlySignal<boolean>;
  /** Asks a refused question again, or has one answered once more. */
  retry(questionId: string): void;
  /** Has the last answer go on from where it ended. */
  goOn(): void;
  /** Shows another version of a question or an answer. */
  show(messageId: string): void;
  /** Begins to edit a question; null ends it. */
  edit(questionId: string | null): void;
  /** Makes a task from a message; asks for its title first. */
  makeTask(text: string): void;
  /** Asks an edited question; resolves with why that was not done, or null. */
  ask(
    questionId: string,
    newId: string,
    content: string,
  ): Promise<Refusal | null>;
}
