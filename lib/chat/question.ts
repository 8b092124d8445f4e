/** What a run answers: a question that is added, or one that is there already. */
import { newId } from "@/lib/shared/ids.ts";
import type { MessageRecord } from "./records.ts";
import { notFound } from "./refusals.ts";
import type { NewRun } from "./run_input.ts";
import type { MessageTree } from "./tree.ts";

export interface Question {
  /** The question to add, or null when it is there already. */
  added: MessageRecord | null;
  /** Id of the question's message. */
  id: string;
  /** The branch up to the question, without one that is added. */
  branch: MessageRecord[];
  text: string | null;
}

/**
 * Reads out of the input which question is meant.
 * @param head newest message of the branch on view, after which a question goes unless told
 * @throws {AppError} 404 `not_found` for a message or parent of another thread
 */
export function toQuestion(
  threadId: string,
  head: string | null,
  tree: MessageTree,
  input: NewRun,
): Question {
  if ("regenerate" in input) {
    const again = tree.get(input.regenerate);
    const questionId = again?.role === "user" ? again.id : again?.parentId;
    const message = questionId ? tree.get(questionId) : undefined;
    if (message === undefined) throw notFound("message in this thread");
    return {
      added: null,
      id: message.id,
      branch: tree.branch(message.id),
      text: null,
    };
  }
  const parentId = input.parentId === undefined ? head : input.parentId;
  if (parentId !== null && tree.get(parentId) === undefined) {
    throw notFound("parent message in this thread");
  }
  const added: MessageRecord = {
    v: 1,
    id: input.message.id ?? newId("msg"),
    threadId,
    parentId,
    role: "user",
    text: { inline: "" },
    status: "complete",
    runId: null,
    model: null,
    usage: null,
    error: null,
    createdAt: new Date().toISOString(),
  };
  return {
    added,
    id: added.id,
    branch: tree.branch(parentId),
    text: input.message.content,
  };
}
