/** What the tests of `/v1/responses` share. */
import type { TestApp } from "../support/app.ts";
import { allEvents, MODEL, type SseEvent } from "./v1_rig.ts";

/** A request body with a question. */
export function responseOf(more: Record<string, unknown> = {}) {
  return { model: MODEL, input: "How high is the river?", ...more };
}

export function postResponse(
  app: Pick<TestApp, "post">,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return app.post("/v1/responses", body, headers);
}

/** An event of a Response's stream, with what is read of it in tests. */
export interface ToldEvent {
  type: string;
  sequence_number: number;
  delta?: string;
  output_index?: number;
  response?: { id: string; status: string; output: unknown[] };
  [field: string]: unknown;
}

export function told(events: readonly SseEvent[]): ToldEvent[] {
  return events.map(({ data }) => JSON.parse(data));
}

export async function allTold(response: Response): Promise<ToldEvent[]> {
  return told(await allEvents(response));
}

/** The text that the deltas add up to; `reset` drops what came before. */
export function deltaText(events: readonly ToldEvent[]): string {
  let text = "";
  for (const { type, delta } of events) {
    if (type === "reset") text = "";
    if (type === "response.output_text.delta") text += delta;
  }
  return text;
}
