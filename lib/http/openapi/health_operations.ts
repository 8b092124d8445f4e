/** How the server does. */
import { type Chapter, events, one } from "./operation.ts";

const QUERY = {
  process: "Id of a process whose readings are wanted alone.",
} as const;

export const HEALTH: Chapter = {
  tag: "Health of the server",
  description:
    "What its processes tell of themselves, put together and judged.",
  operations: {
    "/api/health": {
      GET: {
        summary: "Tells how the server does and has done for 24 hours",
        description:
          "Readings over all processes, what is not well with what to do, processes, providers, versions and the settings in force; secrets are only said to be set.",
        query: QUERY,
        answers: { 200: one("HealthReport", "How it does.") },
      },
    },
    "/api/health/events": {
      GET: {
        summary: "Tells how the server does every few seconds",
        description:
          "Each `health` event has a `HealthNow`: the same without the last 24 hours, versions and settings.",
        query: QUERY,
        answers: { 200: events("Until the caller hangs up.") },
      },
    },
  },
};
