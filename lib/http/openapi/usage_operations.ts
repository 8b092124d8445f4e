/** What was used, and what it cost. */
import { USAGE_DIMENSIONS } from "@/lib/usage/usage_query.ts";
import { type Chapter, file, json, schemaOf } from "./operation.ts";

/** What both routes are asked. */
const QUESTION = {
  from: "From when on, RFC 3339 or a date; 24 hours before `to` unless told.",
  to: "Until when, excluded; now unless told.",
  bucket:
    "`minute`, `hour` or `day` of the series; what fits the span unless told.",
  timeZone: "IANA time zone of hours and days; UTC unless told.",
  groupBy: `One of ${
    USAGE_DIMENSIONS.map((name) => `\`${name}\``).join(", ")
  }.`,
  series:
    "How many groups have a series of their own, 8 unless told, 20 at most; the others share one called `other`.",
  rankBy:
    "What groups are ranked by: `requests` (unless told), `cost` or `tokens`.",
  times:
    "`totals`: percentiles of the totals alone, which is faster where there are many groups; `all` unless told.",
  user: "Id of a user; only admins may ask about others than themselves.",
  key: "Id of an API key.",
  model: "Name of a model. Each of these may stand there several times.",
  provider: "Id of a provider.",
  source: "`chat`, `title`, `v1` or `batch`.",
  status: "`completed`, `cancelled`, `failed` or `interrupted`.",
  cache: "`hit-l1`, `hit-l2`, `joined`, `miss` or `bypass`.",
  group: "Id of a group that the user is in now.",
} as const;

export const USAGE: Chapter = {
  tag: "Usage",
  description:
    "Requests, tokens, cost and times of any span, out of sums that are at most a second behind.",
  operations: {
    "/api/usage": {
      GET: {
        summary: "Tells what was used, in all, by group and over time",
        description:
          "Minutes are kept for 48 hours and hours for 90 days: what begins before is told in quarters of an hour, then in days of UTC.",
        query: QUESTION,
        answers: { 200: json("What was used.", schemaOf("UsageAnswer")) },
      },
    },
    "/api/usage.csv": {
      GET: {
        summary: "Tells the same as a file for spreadsheets",
        description: "A line for each bucket and group (RFC 4180).",
        query: QUESTION,
        answers: { 200: file("text/csv", "The file.") },
      },
    },
  },
};
