import type { ServedBy } from "@/lib/cache/answer.ts";
import type { RunRecord } from "./records.ts";

/** What a run's record says about who answers. */
type Server = Pick<RunRecord, "provider" | "servedModel">;

/** What changes in a run's record once it is known who answers; nothing before. */
export function servedBy(
  { servedModel }: Server,
  served: ServedBy | null,
): Partial<Server> {
  if (served === null) return {};
  const { provider, model } = served;
  // Where a model was named, and no route, the record has its name already.
  return servedModel === undefined
    ? { provider }
    : { provider, servedModel: model };
}
