/** `POST /api/jobs` begins background work; `GET /api/jobs?status&kind&scope` lists it, newest first. */
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { beforeId } from "@/lib/chat/id_cursor.ts";
import { readJson } from "@/lib/http/body.ts";
import { jobSpace, requireJobKind, seenBy } from "@/lib/http/job_access.ts";
import {
  newJobSchema,
  readJobFilter,
  readJobScope,
} from "@/lib/http/job_query.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { toListedJob } from "@/lib/jobs/job_lists.ts";
import { JOB_STATUSES } from "@/lib/jobs/job_record.ts";
import { define } from "@/utils.ts";

/** Largest body, in bytes: an input may have 24 KiB. */
const MAX_BODY_BYTES = 100_000;

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { jobLists } } = ctx.state;
    const { limit, cursor } = readPageQuery(ctx.url);
    const { status, kind } = readJobFilter(ctx.url);
    const { records, nextBefore } = await jobLists.page(
      jobSpace(ctx.state, readJobScope(ctx.url)),
      {
        statuses: status === null ? JOB_STATUSES : [status],
        kind,
        before: beforeId("job", cursor),
        limit,
      },
      ctx.req.signal,
    );
    return ctx.json(
      {
        items: records.map((record) =>
          seenBy(ctx.state, record.space, toListedJob(record))
        ),
        nextCursor: nextBefore,
      },
      { headers: { "cache-control": "no-store" } },
    );
  },
  async POST(ctx) {
    const { caller, services: { jobs }, space } = ctx.state;
    const wanted = await readJson(ctx.req, newJobSchema, {
      maxBytes: MAX_BODY_BYTES,
    });
    requireJobKind(ctx.state, wanted.kind, wanted.input);
    const { job, isNew } = await jobs.enqueue(space, {
      ...wanted,
      askedBy: storedCaller(caller),
    });
    return ctx.json(job, {
      status: isNew ? 202 : 200,
      headers: { location: `/api/jobs/${job.id}` },
    });
  },
}));
