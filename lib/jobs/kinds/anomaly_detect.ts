/** `anomaly.detect`: finds anomalies in more points than are looked at while somebody waits. */
import * as z from "zod";
import { detectGroups } from "@/lib/anomalies/detect_groups.ts";
import { readPoints } from "@/lib/anomalies/given_points.ts";
import { inSlices } from "@/lib/anomalies/in_slices.ts";
import type { Files } from "@/lib/files/files.ts";
import type { JobContext, JobKind, JobOutcome } from "../job_kind.ts";

/** What is looked at, kept in a file of the space that expires by itself. */
export const anomalyDetectSchema = z.object({
  file: z.string(),
  points: z.int(),
});

type DetectInput = z.output<typeof anomalyDetectSchema>;

/** What the file holds. */
const pointsSchema = z.object({
  points: z.array(z.unknown()),
  missing: z.enum(["ignore", "zero"]),
});

const MINUTE_MS = 60_000;

export class AnomalyDetect implements JobKind<DetectInput> {
  readonly kind = "anomaly.detect";
  readonly input = anomalyDetectSchema;
  readonly isPublic = false;
  readonly priority = "normal";
  readonly maxAttempts = 3;
  readonly deadlineMs = 5 * MINUTE_MS;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #files: Pick<Files, "read">;

  constructor(files: Pick<Files, "read">) {
    this.#files = files;
  }

  describe({ points }: DetectInput): string {
    return `Anomalies in ${points.toLocaleString("en")} points`;
  }

  async handle(
    { space, input, signal }: JobContext<DetectInput>,
  ): Promise<JobOutcome> {
    const text = await new Response(this.#files.read(space, input.file)).text();
    signal.throwIfAborted();
    const { points: given, missing } = pointsSchema.parse(JSON.parse(text));
    const points = await inSlices(readPoints(given), signal);
    const anomalies = await inSlices(detectGroups(points, missing), signal);
    const count = anomalies.length === 1
      ? "1 anomaly"
      : `${anomalies.length.toLocaleString("en")} anomalies`;
    const of = input.points.toLocaleString("en");
    return { result: { text: `${count} in ${of} points.`, anomalies } };
  }
}
