/** Threads, answers, projects, tags and tasks. */
import {
  newProjectSchema,
  projectPatchSchema,
} from "@/lib/chat/project_input.ts";
import { runInputSchema, streamSchema } from "@/lib/chat/run_input.ts";
import { newTagSchema } from "@/lib/chat/tag_input.ts";
import { newTaskSchema, taskPatchSchema } from "@/lib/chat/task_input.ts";
import { newThreadSchema, threadPatchSchema } from "@/lib/chat/thread_input.ts";
import { uiChatSchema } from "@/lib/gateway/ui_message/input.ts";
import {
  ASKING_HEADERS,
  type Chapter,
  DONE,
  events,
  json,
  objectAnswer,
  one,
  PAGE_QUERY,
  pageOf,
  schemaOf,
} from "./operation.ts";

const RUN_AND_MESSAGE = {
  type: "object",
  required: ["run", "message"],
  properties: { run: schemaOf("Run"), message: schemaOf("Message") },
};

/** What asking answers, by what was preferred. */
const ASKED = {
  200: {
    description:
      "With `Accept: text/event-stream` the stream of the answer; else the answer that was ready in time.",
    content: {
      "text/event-stream": { type: "string" },
      "application/json": RUN_AND_MESSAGE,
    },
  },
  202: json("It goes on; `Location` names the run.", RUN_AND_MESSAGE),
};

export const THREADS: Chapter = {
  tag: "Threads",
  description: "Conversations and what was said in them.",
  operations: {
    "/api/threads": {
      GET: {
        summary: "Lists threads, newest activity first",
        query: {
          ...PAGE_QUERY,
          archived: "`true`: those that are archived.",
          pinned: "`true`: those that are pinned.",
          projectId: "Those of one project.",
          tag: "Those with one tag.",
        },
        answers: { 200: pageOf("Thread") },
      },
      POST: {
        summary: "Makes a thread",
        headers: { "Idempotency-Key": ASKING_HEADERS["Idempotency-Key"] },
        body: newThreadSchema,
        answers: { 201: one("Thread") },
      },
    },
    "/api/threads/:thread": {
      GET: { summary: "Shows a thread", answers: { 200: one("Thread") } },
      PATCH: {
        summary: "Changes a thread",
        isVersioned: true,
        body: threadPatchSchema,
        answers: { 200: one("Thread") },
      },
      DELETE: {
        summary: "Deletes a thread; it can be restored for 30 seconds",
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
    "/api/threads/:thread/restore": {
      POST: {
        summary: "Undoes the deletion of a thread",
        answers: { 200: one("Thread") },
      },
    },
    "/api/threads/:thread/read": {
      POST: {
        summary: "Says that the newest answer has been seen",
        answers: { 204: DONE },
      },
    },
    "/api/threads/:thread/messages": {
      GET: {
        summary: "Shows the branch on view, oldest first",
        query: {
          ...PAGE_QUERY,
          limit: "With it the newest page; `cursor` leads to earlier ones.",
          tree: "`1`: every message of all branches.",
        },
        answers: { 200: pageOf("Message") },
      },
    },
    "/api/search": {
      GET: {
        summary: "Finds threads by title and by what was said in them",
        query: {
          ...PAGE_QUERY,
          "q!": 'Words that must all be there; `"words in order"`.',
        },
        answers: { 200: objectAnswer("Hits with snippets, best first.") },
      },
    },
  },
};

export const ANSWERS: Chapter = {
  tag: "Answers",
  description:
    "A run is one answer in the making. It belongs to the server: hanging up does not stop it, its events can be read again from any place.",
  operations: {
    "/api/threads/:thread/runs": {
      POST: {
        summary: "Asks in a thread, or for another answer to a question",
        headers: ASKING_HEADERS,
        body: runInputSchema,
        answers: {
          ...ASKED,
          201: json("It goes on; `Location` names the run.", RUN_AND_MESSAGE),
          409: {
            description: "`thread_busy`: an answer goes on, `activeRunId`.",
            content: { "application/problem+json": schemaOf("Problem") },
          },
        },
      },
    },
    "/api/stream": {
      POST: {
        summary: "One question, one stream; makes a thread where none is named",
        headers: ASKING_HEADERS,
        body: streamSchema,
        answers: ASKED,
      },
    },
    "/api/runs/:run": {
      GET: {
        summary: "Shows a run with its text so far",
        answers: { 200: one("Run") },
      },
    },
    "/api/runs/:run/events": {
      GET: {
        summary: "Follows a run, from the beginning or from `Last-Event-ID`",
        query: {
          poll: "`1`: answer with what there is, or wait up to 25 seconds.",
          after: "With `poll`: the last event that is known, `epoch.seq`.",
        },
        headers: { "Last-Event-ID": "The last event that is known." },
        answers: {
          200: events("Events `start`, `chunk` … `done` or `error`."),
          204: { description: "It has ended, and all of it is known." },
        },
      },
    },
    "/api/runs/:run/cancel": {
      POST: {
        summary: "Stops a run, whichever process has it",
        answers: { 200: one("Run") },
      },
    },
    "/api/runs/:run/continue": {
      POST: {
        summary: "Goes on with an answer that was broken off",
        headers: { Prefer: ASKING_HEADERS.Prefer },
        answers: {
          ...ASKED,
          201: json("It goes on.", RUN_AND_MESSAGE),
        },
      },
    },
    "/api/models": {
      GET: {
        summary: "Lists the models that a thread may use",
        answers: {
          200: json("Models, and the one a new thread begins with.", {
            type: "object",
            required: ["items", "defaultModel"],
            properties: {
              items: { type: "array", items: schemaOf("Model") },
              defaultModel: { type: ["string", "null"] },
            },
          }),
        },
      },
    },
    "/api/chat": {
      POST: {
        summary: "Answers the messages of an AI SDK client",
        body: uiChatSchema,
        answers: { 200: events("The SDK's stream of UI messages.") },
      },
    },
    "/api/chat/:chat/stream": {
      GET: {
        summary: "Follows the answer that is being written in such a chat",
        answers: {
          200: events("The SDK's stream of UI messages."),
          204: { description: "None is being written." },
        },
      },
    },
    "/api/chat/:chat/cancel": {
      POST: {
        summary: "Stops the answer of such a chat",
        answers: { 200: objectAnswer("`{runId, status}`.") },
      },
    },
  },
};

export const WORK: Chapter = {
  tag: "Projects and tasks",
  description: "What threads belong to, and what is to be done.",
  operations: {
    "/api/projects": {
      GET: {
        summary: "Lists projects, newest first",
        query: PAGE_QUERY,
        answers: { 200: pageOf("Project") },
      },
      POST: {
        summary: "Makes a project",
        headers: { "Idempotency-Key": ASKING_HEADERS["Idempotency-Key"] },
        body: newProjectSchema,
        answers: { 201: one("Project") },
      },
    },
    "/api/projects/:project": {
      GET: { summary: "Shows a project", answers: { 200: one("Project") } },
      PATCH: {
        summary: "Changes a project",
        isVersioned: true,
        body: projectPatchSchema,
        answers: { 200: one("Project") },
      },
      DELETE: {
        summary: "Deletes a project; its threads and tasks stay",
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
    "/api/projects/:project/restore": {
      POST: {
        summary: "Undoes the deletion of a project within five minutes",
        answers: { 200: one("Project") },
      },
    },
    "/api/tags": {
      GET: {
        summary: "Lists tags by name",
        query: PAGE_QUERY,
        answers: { 200: pageOf("Tag") },
      },
      POST: {
        summary: "Makes a tag, or shows the one of that name",
        headers: { "Idempotency-Key": ASKING_HEADERS["Idempotency-Key"] },
        body: newTagSchema,
        answers: { 200: one("Tag"), 201: one("Tag") },
      },
    },
    "/api/tags/:name": {
      GET: { summary: "Shows a tag", answers: { 200: one("Tag") } },
      DELETE: {
        summary: "Deletes a tag and takes it off every task",
        answers: { 204: DONE },
      },
    },
    "/api/tasks": {
      GET: {
        summary: "Lists tasks, newest first",
        query: {
          ...PAGE_QUERY,
          projectId: "Those of one project.",
          tag: "Those with one tag.",
          status: "`todo`, `doing` or `done`.",
          threadId: "Those of one thread.",
        },
        answers: { 200: pageOf("Task") },
      },
      POST: {
        summary: "Makes a task, and its tags where they are missing",
        headers: { "Idempotency-Key": ASKING_HEADERS["Idempotency-Key"] },
        body: newTaskSchema,
        answers: { 201: one("Task") },
      },
    },
    "/api/tasks/:task": {
      GET: { summary: "Shows a task", answers: { 200: one("Task") } },
      PATCH: {
        summary: "Changes a task",
        isVersioned: true,
        body: taskPatchSchema,
        answers: { 200: one("Task") },
      },
      DELETE: {
        summary: "Deletes a task",
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
    "/api/tasks/:task/restore": {
      POST: {
        summary: "Undoes the deletion of a task within five minutes",
        answers: { 200: one("Task") },
      },
    },
  },
};
