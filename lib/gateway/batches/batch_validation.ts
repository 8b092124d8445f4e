/** Looks through the whole input of a batch before any of it is asked. */
import type { Line } from "./batch_lines.ts";
import { isFault, MAX_REQUESTS, readRequest } from "./batch_request.ts";
import type { BatchEndpoint, BatchFault } from "./batch_record.ts";

/** What the input is found to be. */
export interface Validated {
  total: number;
  /** Of the first request. */
  model: string | null;
  /** The first ones; none: it can be done. */
  faults: BatchFault[];
}

/** Faults that are told: whoever has more than these has the same one often. */
const MAX_FAULTS = 100;

/** @param onLine told of each line, with where it ends in bytes */
export async function validateInput(
  lines: AsyncIterable<Line>,
  endpoint: BatchEndpoint,
  onLine: (endOffset: number) => void,
): Promise<Validated> {
  const faults: BatchFault[] = [];
  const seen = new Set<string>();
  let total = 0;
  let model: string | null = null;
  for await (const line of lines) {
    onLine(line.endOffset);
    total += 1;
    if (total > MAX_REQUESTS) {
      const most = MAX_REQUESTS.toLocaleString("en");
      faults.unshift({
        code: "too_many_tasks",
        message: `The batch has more than ${most} requests, which is the most.`,
        param: null,
        line: null,
      });
      break;
    }
    const read = readRequest(line, endpoint);
    if (isFault(read)) faults.push(read);
    else {
      const { customId, body } = read;
      if (seen.has(customId)) faults.push(duplicate(line.number));
      seen.add(customId);
      if (typeof body.model === "string") model ??= body.model;
    }
    if (faults.length === MAX_FAULTS) break;
  }
  if (total === 0) faults.push(EMPTY);
  return { total, model, faults };
}

const EMPTY: BatchFault = {
  code: "empty_file",
  message: "The input file of the batch holds no request.",
  param: null,
  line: null,
};

function duplicate(line: number): BatchFault {
  return {
    code: "duplicate_custom_id",
    message:
      "The custom_id of this request is that of another request in the batch.",
    param: "custom_id",
    line,
  };
}
