/** `POST /api/anomalies` finds what is not as usual in points of somebody's own; GET lists what was found in usage. */
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { detectGroups } from "@/lib/anomalies/detect_groups.ts";
import { readPoints } from "@/lib/anomalies/given_points.ts";
import { inSlices } from "@/lib/anomalies/in_slices.ts";
import {
  anomalyRequestSchema,
  MOST_POINTS,
  POINTS_AT_ONCE,
  tooManyPoints,
} from "@/lib/anomalies/request.ts";
import { loadAnomalies } from "@/lib/http/anomaly_list.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import type { FoundAnomalies } from "@/lib/shared/wire.ts";
import { define } from "@/utils.ts";

/** A point is an object with some members. */
const VALUES_A_POINT = 8;
/** How long points are kept that a job is to look at, in milliseconds. */
const KEPT_MS = 24 * 60 * 60 * 1_000;

export const handler = define.handlers(methods({
  async GET(ctx) {
    const list = await loadAnomalies(
      ctx.state,
      readPageQuery(ctx.url),
      ctx.req.signal,
    );
    return ctx.json(list, { headers: { "cache-control": "no-store" } });
  },
  async POST(ctx) {
    const { services, space, caller } = ctx.state;
    const { signal } = ctx.req;
    const { points: given, missing } = await readJson(
      ctx.req,
      anomalyRequestSchema,
      { maxValues: VALUES_A_POINT * MOST_POINTS },
    );
    if (given.length > MOST_POINTS) throw tooManyPoints();
    // What is wrong is said at once, however much there is of it.
    const points = await inSlices(readPoints(given), signal);
    if (points.length <= POINTS_AT_ONCE) {
      const anomalies = await inSlices(detectGroups(points, missing), signal);
      return ctx.json({ anomalies } satisfies FoundAnomalies, {
        headers: { "cache-control": "no-store" },
      });
    }
    const kept = points.map(({ t, value: v, group }) => ({ t, v, group }));
    const file = await services.files.create(
      space,
      {
        name: "points.json",
        mediaType: "application/json",
        purpose: "anomalies",
        expiresAtMs: services.store.clock.now() + KEPT_MS,
      },
      new Blob([JSON.stringify({ points: kept, missing })]).stream(),
      { maxBytes: Infinity, signal },
    );
    const { job } = await services.jobs.enqueue(space, {
      kind: "anomaly.detect",
      input: { file: file.id, points: points.length },
      askedBy: storedCaller(caller),
    });
    return ctx.json(job, {
      status: 202,
      headers: { location: `/api/jobs/${job.id}` },
    });
  },
}));
