/** The answer of a run in one piece, for callers that do not stream. */
import type { RunRecord } from "@/lib/chat/records.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { endedEarly, runFailure } from "../run_failure.ts";
import { type OpenAIUsage, toOpenAIUsage } from "../run_object.ts";
import { Assembly } from "./assemble.ts";
import { completionId } from "./events_text.ts";

const NO_USAGE: OpenAIUsage = {
  prompt_tokens: 0,
  completion_tokens: 0,
  total_tokens: 0,
  prompt_tokens_details: { cached_tokens: 0 },
};

/**
 * Reads a run to its end.
 * @returns a `chat.completion` object
 * @throws {AppError} with the error that ended the run; 409 `run_cancelled` when somebody stopped it,
 *   503 `run_interrupted` when the process goes down
 */
export async function wholeAnswer(
  run: Pick<RunRecord, "id" | "model" | "createdAt">,
  events: AsyncIterable<readonly PlacedEvent[]>,
): Promise<Record<string, unknown>> {
  let assembly = new Assembly();
  let part = "";
  for await (const batch of events) {
    for (const { event } of batch) {
      switch (event.event) {
        case "part":
          part += event.data;
          break;
        case "raw":
          assembly.add(part + event.data);
          part = "";
          break;
        case "chunk":
          assembly.add(JSON.stringify(retold(run, event.data.content)));
          break;
        case "reset":
          assembly = new Assembly();
          part = "";
          break;
        case "error":
          throw runFailure(event.data);
        case "done": {
          const { status, usage } = event.data;
          if (status !== "completed") throw endedEarly(status);
          return assembly.whole(
            { ...(usage === null ? NO_USAGE : toOpenAIUsage(usage)) },
          );
        }
      }
    }
  }
  throw endedEarly("interrupted");
}

/** A chunk in place of those that are not kept any more. */
function retold(
  { id, model, createdAt }: Pick<RunRecord, "id" | "model" | "createdAt">,
  content: string,
) {
  return {
    id: completionId(id),
    created: Math.floor(Date.parse(createdAt) / 1_000),
    model,
    choices: [{ index: 0, delta: { role: "assistant", content } }],
  };
}
