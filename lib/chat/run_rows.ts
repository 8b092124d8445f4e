/** The rows and events that tell of a run, whoever writes them: its owner, or whoever takes it over. */
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { BUDGET_END } from "@/lib/shared/chat/budget_end.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import {
  MESSAGE_STATUS,
  type MessageRecord,
  type RunRecord,
  type StoredText,
  type ThreadActivityRecord,
} from "./records.ts";
import { expiryOf } from "./thread_expiry.ts";

/** When the rows of a run expire; only those of a temporary thread do. */
export function expiryOfRun(run: RunRecord): { expireInMs?: number } {
  const expireInMs = expiryOf(run);
  return expireInMs === undefined ? {} : { expireInMs };
}

/** The message that holds the answer of a run in this state. */
export function answerOf(run: RunRecord, text: StoredText): MessageRecord {
  return {
    v: 1,
    id: run.messageId,
    threadId: run.threadId,
    parentId: run.questionId,
    role: "assistant",
    text,
    status: MESSAGE_STATUS[run.status],
    runId: run.id,
    model: run.model,
    usage: run.usage,
    error: run.finishReason === "budget" ? BUDGET_END : run.error,
    ...(run.sources?.length ? { sources: run.sources.length } : {}),
    createdAt: run.createdAt,
  };
}

/** What a run that has just begun or ended says about its thread. */
export function activityOf(run: RunRecord): ThreadActivityRecord {
  const hasEnded = isEnded(run.status);
  return {
    v: 1,
    updatedAt: (hasEnded ? run.finishedAt : null) ?? run.listedAt ??
      run.startedAt,
    activeRunId: hasEnded ? null : run.id,
    unread: hasEnded,
  };
}

/** The events that go with the state of a run; of a temporary thread only what its viewers need. */
export function runEvents(run: RunRecord, atMs: number): OutboxEvent[] {
  const { threadId, messageId, status } = run;
  const hasEnded = isEnded(status);
  const events: OutboxEvent[] = [{
    type: hasEnded ? `run.${status}` : "run.started",
    at: atMs,
    subject: run.id,
    data: {
      ...(run.source === undefined ? { threadId, messageId } : {
        source: run.source,
      }),
      status,
      epoch: run.epoch,
      ...(run.temporary ? { temporary: true } : {}),
    },
  }];
  if (hasEnded && !run.temporary && run.source === undefined) {
    events.push({
      type: "message.completed",
      at: atMs,
      subject: messageId,
      data: { threadId, runId: run.id, status },
    });
  }
  return events;
}
