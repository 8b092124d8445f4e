/**
 * An answer as a fold over the events of its run. Events may come twice, from a replay that overlaps, or
 * with a `reset` in between; each character ends up in the text once.
 */
import type { MessageStatus, RunEvent, RunStatus } from "@/lib/shared/wire.ts";
import {
  type Answer,
  type Place,
  type PlacedRunEvent,
  shownText,
} from "./answer.ts";
import { BUDGET_END } from "./budget_end.ts";

function isAfter(place: Place, other: Place): boolean {
  return place.epoch > other.epoch ||
    (place.epoch === other.epoch && place.seq > other.seq);
}

const MESSAGE_STATUS: Record<RunStatus, MessageStatus> = {
  queued: "streaming",
  running: "streaming",
  completed: "complete",
  cancelled: "stopped",
  failed: "failed",
  interrupted: "interrupted",
};

function apply(answer: Answer, event: RunEvent, nowMs: number): Answer {
  switch (event.event) {
    case "start":
      return {
        ...answer,
        runId: event.data.runId,
        messageId: event.data.messageId,
        model: event.data.model,
        sources: event.data.sources,
        siblings: answer.siblings.includes(event.data.messageId)
          ? answer.siblings
          : [...answer.siblings, event.data.messageId],
      };
    case "chunk": {
      if (event.data.content === "") return answer;
      return {
        ...answer,
        text: answer.text + event.data.content,
        firstTokenAtMs: answer.firstTokenAtMs ?? nowMs,
        firstTextAtMs: answer.firstTextAtMs ?? nowMs,
      };
    }
    case "reasoning":
      return {
        ...answer,
        reasoning: answer.reasoning + event.data.content,
        firstTokenAtMs: answer.firstTokenAtMs ?? nowMs,
      };
    case "reset":
      return {
        ...answer,
        text: "",
        held: shownText(answer),
        reasoning: "",
        firstTokenAtMs: null,
        firstTextAtMs: null,
      };
    case "error":
      return {
        ...answer,
        held: "",
        status: "failed",
        error: event.data,
        endedAtMs: nowMs,
      };
    case "done":
      return {
        ...answer,
        held: "",
        status: MESSAGE_STATUS[event.data.status],
        error: event.data.finishReason === "budget" ? BUDGET_END : null,
        usage: event.data.usage,
        endedAtMs: nowMs,
      };
    default:
      return answer;
  }
}

/**
 * The answer after an event; the same object when the event says nothing new. A `reset` of the epoch
 * that is shown counts too: the server sends it when it cannot go on from where we stand.
 */
export function withEvent(
  answer: Answer,
  { place, event }: PlacedRunEvent,
  nowMs: number,
): Answer {
  const isRestart = event.event === "reset" &&
    (answer.place === null || place.epoch >= answer.place.epoch);
  const isNews = answer.place === null || isAfter(place, answer.place);
  if (answer.status !== "streaming" || (!isNews && !isRestart)) return answer;
  return { ...apply(answer, event, nowMs), place };
}
