/** What `POST /api/anomalies` takes. */
import * as z from "zod";
import { AppError } from "@/lib/errors.ts";

/** Points that are looked at while whoever asks waits. */
export const POINTS_AT_ONCE = 10_000;
/** Points of one request. */
export const MOST_POINTS = 100_000;

/** The points themselves are checked apart, in slices. */
export const anomalyRequestSchema = z.strictObject({
  points: z.array(z.unknown(), { error: "must be a list of points" }),
  missing: z.enum(["ignore", "zero"], { error: "must be ignore or zero" })
    .default("ignore"),
});

export function tooManyPoints(): AppError {
  return new AppError({
    status: 413,
    code: "too_many_points",
    message: `One request may have ${
      MOST_POINTS.toLocaleString("en")
    } points at most.`,
  });
}
