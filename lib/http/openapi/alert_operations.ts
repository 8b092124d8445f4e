/** What is watched, and who is told. */
import {
  ruleBodySchema,
  silenceSchema,
  testSchema,
} from "@/lib/http/alert_query.ts";
import {
  allOf,
  type Chapter,
  DONE,
  json,
  one,
  PAGE_QUERY,
  pageOf,
  schemaOf,
} from "./operation.ts";

const SCOPE =
  "`server` or `workspace`; without it whoever has a rule of this id.";

export const ALERTS: Chapter = {
  tag: "Alerts",
  description:
    "Rules over usage, over how the processes do and over what the program finds. What concerns the server is for its operators, what concerns a workspace for its admins.",
  operations: {
    "/api/alerts": {
      GET: {
        summary: "Lists what fires and what is about to",
        description: "The most urgent first; what is well is not listed.",
        answers: { 200: allOf("Alert") },
      },
    },
    "/api/alerts/history": {
      GET: {
        summary: "Lists alerts that fired and are over, the latest first",
        query: PAGE_QUERY,
        answers: { 200: pageOf("EndedAlert") },
      },
    },
    "/api/alerts/rules": {
      GET: {
        summary: "Lists all rules, with the versions to change them by",
        answers: { 200: one("AlertRuleList", "All rules.") },
      },
    },
    "/api/alerts/rules/:rule": {
      GET: {
        summary: "Reads a rule",
        query: { scope: SCOPE },
        answers: { 200: one("AlertRule") },
      },
      PUT: {
        summary: "Adds a rule, or says anew what differs from the one there",
        description:
          "Of a rule of the program or of the config file, what is missing stays as it is there; of a new one the measure and a limit are needed. `If-Match` names the version of all rules of the scope.",
        query: { scope: SCOPE },
        body: ruleBodySchema,
        isVersioned: true,
        answers: { 200: one("AlertRule") },
      },
      DELETE: {
        summary: "Takes back what was said of a rule",
        description:
          "One of the program or of the config file is as it is there again; another one is gone.",
        query: { scope: SCOPE },
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
    "/api/alerts/test": {
      POST: {
        summary: "Tells of an alert that is none",
        description:
          "Everybody who is told of alerts of the scope gets `alert.fired` and, at once, `alert.resolved`, of the rule `test`.",
        body: testSchema,
        isBodyOptional: true,
        answers: { 204: DONE },
      },
    },
    "/api/alerts/silences": {
      POST: {
        summary: "Silences an alert for a while",
        description:
          "It still fires and shows; nobody is notified. What still fires when the silence ends is told then.",
        body: silenceSchema,
        answers: {
          201: json("Until when.", {
            type: "object",
            required: ["scope", "rule", "series", "until"],
            properties: {
              scope: schemaOf("AlertOwner"),
              rule: { type: "string" },
              series: { type: ["string", "null"] },
              until: { type: "string", format: "date-time" },
            },
          }),
        },
      },
      DELETE: {
        summary: "Ends a silence",
        query: {
          "scope!": "`server` or `workspace`.",
          "rule!": "Id of the rule.",
          series: "Which of the things that the rule stands for.",
        },
        answers: { 204: DONE },
      },
    },
  },
};
