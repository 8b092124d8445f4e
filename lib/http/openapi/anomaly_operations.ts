/** What is not as usual. */
import { anomalyRequestSchema } from "@/lib/anomalies/request.ts";
import { type Chapter, json, one, schemaOf } from "./operation.ts";

export const ANOMALIES: Chapter = {
  tag: "Anomalies",
  description: "What is not as usual, and why, in words.",
  operations: {
    "/api/anomalies": {
      POST: {
        summary: "Finds what is not as usual in points of your own",
        description:
          "Each point has a time `t` (RFC 3339, a day, or seconds or milliseconds since 1970), a number `v` and, where there are several series, a `group`. What repeats by the hour, day and week, trends and steps are found by themselves. Fewer than 8 points of a group say nothing; 100,000 points is the most.",
        body: anomalyRequestSchema,
        answers: {
          200: json("Up to 10,000 points.", schemaOf("FoundAnomalies")),
          202: one(
            "Job",
            "More points: the job, whose result will have `anomalies`; `Location` names it.",
          ),
        },
      },
    },
  },
};
