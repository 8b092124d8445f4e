/// <reference lib="deno.worker" />
/** A worker that does steps, one at a time; see `worker_pool.ts`. */
import { doStep } from "./do_step.ts";
import { type Step, UnreadableDocument } from "./steps.ts";

/** What the worker tells. */
export type WorkerAnswer =
  | { type: "ready" }
  | { type: "done"; result: unknown }
  | { type: "failed"; message: string; isUnreadable: boolean };

function tell(answer: WorkerAnswer, transfer: Transferable[] = []): void {
  self.postMessage(answer, { transfer });
}

/** Bytes of a result, which go over without a copy. */
function buffersOf(result: unknown): ArrayBuffer[] {
  if (result instanceof Uint8Array) return [result.buffer as ArrayBuffer];
  if (typeof result !== "object" || result === null) return [];
  return Object.values(result).flatMap((value) =>
    value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []
  );
}

self.onmessage = async ({ data }: MessageEvent<Step>) => {
  try {
    const result = await doStep(data);
    tell({ type: "done", result }, buffersOf(result));
  } catch (error) {
    tell({
      type: "failed",
      message: error instanceof Error ? error.message : String(error),
      isUnreadable: error instanceof UnreadableDocument,
    });
  }
};

tell({ type: "ready" });
