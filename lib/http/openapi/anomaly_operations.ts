/** What is not as usual. */
import { anomalyRequestSchema } from "@/lib/anomalies/request.ts";
import { type Chapter, json, one, PAGE_QUERY, schemaOf } from "./operation.ts";

export const ANOMALIES: Chapter = {
  tag: "Anomalies",
  description: "What is not as usual, and why, in words.",
  operations: {
    "/api/anomalies": {
      GET: {
        summary: "Lists what was not as usual in the usage of the workspace",
        description:
          "Found each hour by key, person, model and all together; what goes on is one line. For admins.",
        query: PAGE_QUERY,
        answers: {
          200: json("The latest first.", schemaOf("AnomalyList")),
        },
      },
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
