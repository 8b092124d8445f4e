/** What the stream doctor asks. */
import { type Chapter, events, json, schemaOf } from "./operation.ts";

const TIMES = {
  events: "How many, 24 unless told, 200 at most.",
  gapMs: "Milliseconds from one to the next, 120 unless told, 15,000 at most.",
};

const STREAM = {
  summary: "Sends events at known times, to see when they arrive",
  description:
    'Each says `{"n", "atMs"}`: its number and when it was sent, from the first. Three minutes at most.',
  query: TIMES,
  answers: { 200: events("The events.") },
};

export const DOCTOR: Chapter = {
  tag: "Stream doctor",
  description:
    "What stands between a client and the server: whether it collects, compresses or cuts streams.",
  operations: {
    "/api/doctor/stream": { GET: STREAM, POST: STREAM },
    "/api/doctor/socket": {
      GET: {
        summary: "Sends the same over a WebSocket, then is silent",
        description:
          "`echo` is answered with `echo`. Asked for without an upgrade it answers 426.",
        query: {
          ...TIMES,
          quietMs: "Silence before one last event, none unless told.",
        },
        answers: { 101: { description: "The socket is open." } },
      },
    },
    "/api/doctor/echo": {
      GET: {
        summary: "Tells how the server sees the request",
        answers: {
          200: json(
            "Address, protocol and what proxies have added.",
            schemaOf("DoctorEcho"),
          ),
        },
      },
    },
  },
};
