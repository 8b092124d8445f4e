/** Requests that name things of somebody else, for each route that could be asked for one. */
import type { Things } from "./two_workspaces.ts";
import { MARKER, WORD } from "./two_workspaces.ts";

/** One request to a route, beyond its path and method. */
export interface Attack {
  query?: string;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as a form. */
  form?: Record<string, string>;
}

type Attacks = (things: Things) => Attack[];

/** Queries of what is read, by route. */
const QUERIES: Record<string, (things: Things) => string[]> = {
  "/search": () => [`q=${WORD}`],
  "/tasks": ({ task, project, name }) => [
    `edit=${task}`,
    `project=${project}`,
    `tag=${name}`,
  ],
  "/projects": ({ project }) => [`edit=${project}`],
  "/jobs": ({ job }) => [`tab=finished&cursor=${job}`, `cursor=${job}`],
  "/admin/jobs": ({ job, kind }) => [`cursor=${job}`, `kind=${kind}`],
  "/api/jobs": ({ job }) => [
    "status=queued",
    "scope=workspace",
    `scope=workspace&cursor=${job}`,
  ],
  "/settings": ({ key, session }) => [
    `edit=${key}`,
    `key=${key}`,
    `session=${session}`,
  ],
  "/admin/groups": ({ group }) => [`edit=${group}`, `id=${group}`],
  "/admin/users": ({ user, invitation }) => [
    `user=${user}`,
    `cursor=${user}`,
    `id=${invitation}`,
  ],
  "/admin/keys": ({ user, key }) => [`user=${user}`, `key=${key}`],
  "/admin/audit": ({ user }) => [`actor=${user}`, `subject=${user}`],
  "/api/threads": ({ project, thread, name }) => [
    `projectId=${project}`,
    `project=${project}`,
    `tag=${name}`,
    `cursor=${thread}`,
    "archived=true",
  ],
  "/api/tasks": ({ project, task, name }) => [
    `projectId=${project}`,
    `project=${project}`,
    `tag=${name}`,
    `cursor=${task}`,
  ],
  "/api/projects": ({ project }) => [`cursor=${project}`],
  "/api/notifications": ({ notification }) => [
    `cursor=${Date.now()}.${notification}`,
  ],
  "/api/search": () => [`q=${WORD}`],
  "/documents": ({ document }) => [`q=${WORD}`, `cursor=${document}`],
  "/api/documents": ({ document, project }) => [
    `cursor=${document}`,
    `projectId=${project}`,
  ],
  "/api/documents/search": ({ document }) => [
    `q=${WORD}`,
    `q=${WORD}&documentId=${document}`,
  ],
  "/api/live": ({ thread, run, user, workspace }) => [
    `channels=thread:${thread}`,
    `channels=run:${run}`,
    `channels=user:${user}`,
    `channels=workspace:${workspace}`,
    "channels=threads",
  ],
  "/api/requests": ({ request, run, user, key, model }) => [
    `user=${user}`,
    `key=${key}`,
    `cursor=${request}`,
    `model=${model}`,
    `q=${request}`,
    `q=${run}`,
    `q=${WORD}`,
    "result=failed",
  ],
  "/admin/requests": ({ request, user, key, run }) => [
    `q=${request}`,
    `q=${run}`,
    `user=${user}`,
    `key=${key}`,
    `cursor=${request}`,
  ],
  "/admin/requests/:request": () => ["show=bodies"],
  "/api/keys": ({ user, owner, key }) => [
    `user=${user}`,
    `user=${owner}`,
    "user=all",
    `cursor=${key}`,
  ],
  "/api/users": ({ user }) => [`cursor=${user}`, `workspaceId=${user}`],
  "/api/groups": ({ group }) => [`cursor=${group}`],
  "/api/invitations": ({ invitation, workspace }) => [
    `cursor=${invitation}`,
    `workspaceId=${workspace}`,
  ],
  "/api/limits/effective": ({ user, key, workspace }) => [
    `user=${user}`,
    `key=${key}`,
    `subject=user:${user}`,
    `workspace=${workspace}`,
  ],
  "/api/users/:user": () => ["workspace=all"],
  "/api/mail": ({ user }) => [`user=${user}`, `cursor=${user}`],
  "/api/audit/export": ({ user }) => [`actor=${user}`, "format=csv"],
  "/admin/limits": ({ user, key }) => [`user=${user}`, `key=${key}`],
  "/admin/budgets": ({ user, key }) => [`user=${user}`, `key=${key}`],
  "/admin/settings": ({ workspace }) => [`workspace=${workspace}`],
  "/admin/alerts": ({ rule }) => [
    `edit=workspace:${rule}`,
    `edit=server:${rule}`,
  ],
  "/api/alerts/rules/:rule": () => ["scope=workspace"],
  "/api/alerts/silences": ({ rule }) => [`scope=workspace&rule=${rule}`],
  "/api/audit": ({ user }) => [`actor=${user}`, `subject=${user}`],
  "/api/webhooks": () => ["scope=own", "scope=workspace"],
  "/api/webhooks/:webhook/deliveries": ({ delivery }) => [
    `cursor=${delivery}`,
  ],
  "/api/events": ({ thread, user }) => [
    "scope=own",
    "scope=workspace",
    `subject=${thread}`,
    `scope=workspace&subject=${user}`,
  ],
  "/admin/events": ({ thread }) => [`subject=${thread}`, "type=thread.*"],
  "/api/usage": usageQueries,
  "/api/usage.csv": usageQueries,
  "/api/cache/answers": () => [`q=${WORD}`, "scope=all"],
  "/admin/cache": () => [`cursor=9-${"0".repeat(64)}`],
  "/admin/models": ({ model, workspace }) => [
    `q=${model}`,
    `workspace=${workspace}`,
  ],
  "/admin/providers": ({ provider }) => [`done=${provider}`],
};

/** Questions about what others have used. */
function usageQueries({ user, owner, key, group }: Things): string[] {
  return [
    "groupBy=user&from=2020-01-01&bucket=day",
    "groupBy=key",
    "groupBy=group",
    `user=${user}&user=${owner}&groupBy=user`,
    `key=${key}&groupBy=key`,
    `group=${group}&groupBy=group`,
  ];
}

/** Bodies that name what is not the sender's, by method and route. */
const BODIES: Record<string, Attacks> = {
  "POST /api/threads": ({ project }) => [{ json: { projectId: project } }],
  "POST /api/stream": ({ thread }) => [
    { json: { query: "x", threadId: thread } },
  ],
  "POST /api/tasks": ({ project, thread }) => [
    { json: { title: "x", projectId: project } },
    { json: { title: "x", threadId: thread } },
  ],
  "POST /api/threads/:thread/runs": ({ message }) => [
    { json: { message: { content: "x" } } },
    { json: { regenerate: message } },
    { json: { message: { content: "x" }, parentId: message } },
  ],
  "PATCH /api/threads/:thread": ({ project }) => [
    { json: { title: "x" } },
    { json: { projectId: project } },
  ],
  "POST /api/documents": ({ project }) => [
    { json: { name: "x", size: 1, projectId: project } },
    { json: { url: "https://198.51.100.1/x", projectId: project } },
  ],
  "PATCH /api/documents/:document": ({ project }) => [
    { json: { name: "x" } },
    { json: { projectId: project } },
  ],
  "PATCH /api/models/settings": ({ model, group }) => [
    { json: { defaultModel: model } },
    { json: { models: [{ id: model, groups: [group] }] } },
  ],
  "PATCH /api/providers/:provider": () => [{ json: { state: "disabled" } }],
  "PATCH /api/routes/:route": () => [{ json: { isDisabled: true } }],
  "POST /api/cache/lookup": ({ model }) => [
    {
      json: {
        model,
        messages: [{ role: "user", content: `${MARKER} ${WORD}` }],
        temperature: 0,
      },
    },
  ],
  "POST /api/cache/purge": ({ answer }) => [{ json: { key: answer } }],
  "PATCH /api/projects/:project": () => [{ json: { name: "x" } }],
  "PATCH /api/tasks/:task": ({ project }) => [
    { json: { title: "x" } },
    { json: { projectId: project } },
  ],
  "PATCH /api/users/:user": ({ group }) => [
    { json: { role: "viewer" } },
    { json: { disabled: true } },
    { json: { groups: [group] } },
  ],
  "PATCH /api/groups/:group": () => [{ json: { name: "x" } }],
  "PATCH /api/keys/:key": () => [{ json: { name: "x" } }],
  "PATCH /api/workspaces/:workspace": () => [{ json: { name: "x" } }],
  "POST /api/users": ({ workspace, group }) => [
    {
      json: {
        email: "x@second.example",
        role: "owner",
        workspaceId: workspace,
        password: "correct horse battery",
      },
    },
    {
      json: {
        email: "y@second.example",
        groups: [group],
        password: "correct horse battery",
      },
    },
  ],
  "POST /api/invitations": ({ workspace, group }) => [
    { json: { email: "x@x.example", workspaceId: workspace } },
    { json: { email: "x@x.example", groups: [group] } },
  ],
  "PATCH /api/session": ({ workspace }) => [
    { json: { workspaceId: workspace } },
    { json: { workspace } },
  ],
  "PATCH /api/notifications/:notification": () => [{ json: { read: true } }],
  "PATCH /api/webhooks/:webhook": () => [{ json: { enabled: true } }],
  "PUT /api/alerts/rules/:rule": () => [
    { json: { title: "x" } },
    { json: { enabled: false, scope: "workspace" } },
  ],
  "POST /api/alerts/silences": ({ rule }) => [
    { json: { scope: "workspace", rule, minutes: 60 } },
  ],
  "POST /api/webhooks/:webhook/replay": ({ event }) => [
    { json: { from: event } },
  ],
  "POST /v1/responses": ({ response }) => [
    {
      json: {
        model: "fake-1",
        input: "x",
        previous_response_id: response,
      },
    },
  ],
};

/** What forms of pages can ask for, with one id after another in every field that could name a thing. */
const FORM_ACTIONS = [
  "add",
  "create",
  "delete",
  "delete-tag",
  "disable",
  "enable",
  "invite",
  "remove",
  "rename",
  "replay",
  "resend",
  "restore",
  "revoke",
  "revoke-others",
  "save",
  "status",
  "switch",
  "thread",
];

const FORM_IDS = [
  "task",
  "project",
  "group",
  "user",
  "invitation",
  "workspace",
  "key",
  "session",
  "thread",
];

/** What the forms of jobs ask for, which name nothing else. */
const JOB_ACTIONS = ["cancel", "retry", "retry-chosen"];

function forms(things: Things): Attack[] {
  const ofJobs = JOB_ACTIONS.map((action) => ({
    form: { action, id: things.job },
  }));
  const others = FORM_ACTIONS.flatMap((action) =>
    FORM_IDS.map((kind) => ({
      form: {
        action,
        id: things[kind],
        tag: things.name,
        task: things.task,
        project: things.project,
        group: things.group,
        key: things.key,
        session: things.session,
        webhook: things.webhook,
        delivery: things.delivery,
        from: things.event,
        section: kind === "session" ? "sessions" : "keys",
        version: "1",
        name: "x",
        title: "x",
        content: "x",
        status: "done",
        role: "member",
        email: "form@second.example",
      },
    }))
  );
  return [...ofJobs, ...others];
}

/** The requests to send to a route; at least one. */
export function attacksOn(
  pattern: string,
  method: string,
  things: Things,
): Attack[] {
  if (method === "GET" || method === "HEAD") {
    const queries = QUERIES[pattern]?.(things) ?? [];
    return [{}, ...queries.map((query) => ({ query }))];
  }
  const isPage = !/^\/(api|v1)\//.test(pattern);
  if (isPage) return forms(things);
  return BODIES[`${method} ${pattern}`]?.(things) ?? [{ json: {} }];
}
