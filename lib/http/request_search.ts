/** Finds requests: by an id in few reads, by anything else newest first. */
import { beforeId } from "@/lib/chat/id_cursor.ts";
import type { RequestLook } from "@/lib/observe/request_search_store.ts";
import type { RequestSummary } from "@/lib/observe/request_summary.ts";
import { idBound } from "@/lib/observe/request_time.ts";
import { isId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { State } from "@/utils.ts";
import { RequestNames } from "./request_names.ts";
import type { RequestQuestion } from "./request_query.ts";

export interface FoundRequests extends RequestLook {
  /** Knows those who are among the items, and maybe more. */
  names: RequestNames;
}

/** The requests of the caller's workspace. @throws {AppError} 400 for a cursor that no page gave */
export async function findRequests(
  state: State,
  question: RequestQuestion,
  { limit, cursor }: PageQuery,
  signal: AbortSignal,
): Promise<FoundRequests> {
  const { services, caller: { workspace } } = state;
  const { requestLog } = services;
  const names = new RequestNames(services, workspace);
  const { mark, fromMs, toMs, needsNames, isWanted, texts: { q } } = question;
  const before = beforeId("req", cursor);
  if (q.startsWith("req_")) {
    return await one(
      names,
      await requestLog.findByPrefix(workspace, q, signal),
    );
  }
  if (isId("run", q)) {
    return await one(names, await requestLog.findByRun(workspace, q, signal));
  }
  const end = toMs === null ? null : idBound(toMs);
  const look = await requestLog.look(workspace, {
    mark,
    fromMs,
    before: before !== null && end !== null && end < before
      ? end
      : before ?? end,
    isWanted: (summary) => isWanted(summary, names),
    ...needsNames ? { prepare: names.learn.bind(names) } : {},
    limit,
  }, signal);
  await names.learn(look.items, true);
  return { ...look, names };
}

async function one(
  names: RequestNames,
  found: RequestSummary | null,
): Promise<FoundRequests> {
  const items = found === null ? [] : [found];
  await names.learn(items, true);
  return { items, looked: items.length, backToMs: null, next: null, names };
}
