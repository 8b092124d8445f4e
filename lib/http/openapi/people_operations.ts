/** Who is here, what they may use, and what was done. */
import * as z from "zod";
import {
  apiKeyPatchSchema,
  newApiKeySchema,
} from "@/lib/auth/api_key_input.ts";
import {
  groupPatchSchema,
  invitationAnswerSchema,
  newGroupSchema,
  newInvitationSchema,
  newUserSchema,
  newWorkspaceSchema,
  passwordChangeSchema,
  passwordResetSchema,
  resetRequestSchema,
  sessionPatchSchema,
  signInSchema,
  userPatchSchema,
  workspacePatchSchema,
} from "@/lib/auth/user_input.ts";
import { budgetRuleSchema } from "@/lib/config/budgets.ts";
import { priceSchema } from "@/lib/config/file.ts";
import { limitPolicySchema } from "@/lib/config/limits.ts";
import {
  allOf,
  type Chapter,
  DONE,
  file,
  json,
  objectAnswer,
  one,
  PAGE_QUERY,
  pageOf,
} from "./operation.ts";

const AUDIT_QUERY = {
  type: "What was done, for example `key.created`.",
  actor: "Who did it.",
  from: "Not before then, RFC 3339.",
  to: "Before then, RFC 3339.",
};

const INVITED = json("The invitation, with the link in `inviteUrl`.", {
  type: "object",
});

export const ACCOUNT: Chapter = {
  tag: "Account",
  description: "Signing in, one's own sessions, password and data.",
  operations: {
    "/api/session": {
      GET: {
        summary: "Tells who is signed in, where, and as what",
        answers: { 200: one("SessionState") },
      },
      POST: {
        summary: "Signs in",
        body: signInSchema,
        answers: { 204: { description: "Signed in; the cookie is set." } },
      },
      PATCH: {
        summary: "Acts in another workspace from now on",
        body: sessionPatchSchema,
        answers: { 200: one("SessionState") },
      },
      DELETE: { summary: "Signs out", answers: { 204: DONE } },
    },
    "/api/sessions": {
      GET: {
        summary: "Lists where one is signed in",
        answers: { 200: allOf("Session") },
      },
      DELETE: {
        summary: "Ends all sessions but the one that asks",
        answers: { 204: DONE },
      },
    },
    "/api/sessions/:session": {
      GET: { summary: "Shows a session", answers: { 200: one("Session") } },
      DELETE: { summary: "Ends a session", answers: { 204: DONE } },
    },
    "/api/password": {
      POST: {
        summary: "Changes one's password; all other sessions end",
        body: passwordChangeSchema,
        answers: { 204: DONE },
      },
    },
    "/api/password/reset": {
      POST: {
        summary: "Asks for a link by mail, or sets a password by one",
        body: z.union([resetRequestSchema, passwordResetSchema]),
        answers: {
          202: { description: "Mailed, if the address has an account." },
          204: DONE,
        },
      },
    },
    "/api/me": {
      DELETE: {
        summary: "Ends the account and erases its data everywhere",
        body: z.strictObject({
          password: z.string().optional(),
          email: z.string().optional(),
        }),
        answers: { 204: DONE },
      },
    },
    "/api/me/data": {
      GET: {
        summary: "Tells whether one's data is being erased",
        answers: {
          200: json("`{deleting}`.", {
            type: "object",
            required: ["deleting"],
            properties: { deleting: { type: "boolean" } },
          }),
        },
      },
      DELETE: {
        summary: "Erases what one has in the workspace",
        answers: { 202: objectAnswer("It goes on.") },
      },
    },
    "/api/me/export": {
      GET: {
        summary: "All that one has in the workspace",
        answers: { 200: file("application/zip", "An archive.") },
      },
    },
  },
};

export const PEOPLE: Chapter = {
  tag: "People and keys",
  description: "Workspaces, who is in them, and the keys of programs.",
  operations: {
    "/api/workspaces": {
      GET: {
        summary: "Lists one's workspaces",
        answers: { 200: allOf("Workspace") },
      },
      POST: {
        summary: "Makes a workspace",
        body: newWorkspaceSchema,
        answers: { 201: one("Workspace") },
      },
    },
    "/api/workspaces/:workspace": {
      GET: { summary: "Shows a workspace", answers: { 200: one("Workspace") } },
      PATCH: {
        summary: "Changes a workspace",
        isVersioned: true,
        body: workspacePatchSchema,
        answers: { 200: one("Workspace") },
      },
      DELETE: {
        summary: "Deletes a workspace with all that is in it",
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
    "/api/users": {
      GET: {
        summary: "Lists the people of the workspace",
        query: PAGE_QUERY,
        answers: { 200: pageOf("User") },
      },
      POST: {
        summary: "Makes an account, or without a password an invitation",
        body: newUserSchema,
        answers: { 201: one("User", "The user, or the invitation.") },
      },
    },
    "/api/users/:user": {
      GET: { summary: "Shows somebody", answers: { 200: one("User") } },
      PATCH: {
        summary: "Changes somebody",
        isVersioned: true,
        body: userPatchSchema,
        answers: { 200: one("User") },
      },
      DELETE: {
        summary: "Takes somebody out of the workspace",
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
    "/api/users/:user/export": {
      GET: {
        summary: "All that somebody has in the workspace",
        answers: { 200: file("application/zip", "An archive.") },
      },
    },
    "/api/users/:user/sessions": {
      DELETE: {
        summary: "Signs somebody out of every browser",
        description: "Those that act in the workspace. Their keys stay.",
        answers: { 204: DONE },
      },
    },
    "/api/groups": {
      GET: {
        summary: "Lists groups",
        query: PAGE_QUERY,
        answers: { 200: pageOf("Group") },
      },
      POST: {
        summary: "Makes a group",
        body: newGroupSchema,
        answers: { 201: one("Group") },
      },
    },
    "/api/groups/:group": {
      GET: { summary: "Shows a group", answers: { 200: one("Group") } },
      PATCH: {
        summary: "Renames a group",
        isVersioned: true,
        body: groupPatchSchema,
        answers: { 200: one("Group") },
      },
      DELETE: {
        summary: "Deletes a group; its people stay",
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
    "/api/invitations": {
      GET: {
        summary: "Lists invitations that nobody has accepted",
        query: PAGE_QUERY,
        answers: { 200: pageOf("Invitation") },
      },
      POST: {
        summary: "Invites an address",
        body: newInvitationSchema,
        answers: { 201: INVITED },
      },
    },
    "/api/invitations/:invitation": {
      GET: {
        summary: "Shows an invitation",
        answers: { 200: one("Invitation") },
      },
      POST: {
        summary: "Sends an invitation again, with a new link",
        answers: { 200: INVITED },
      },
      DELETE: { summary: "Revokes an invitation", answers: { 204: DONE } },
    },
    "/api/invitations/accept": {
      POST: {
        summary: "Joins a workspace by the token of an invitation",
        body: invitationAnswerSchema,
        answers: { 204: { description: "Joined, and signed in." } },
      },
    },
    "/api/keys": {
      GET: {
        summary: "Lists API keys, newest first",
        query: {
          ...PAGE_QUERY,
          user: "For admins: somebody's, or `all`.",
        },
        answers: { 200: pageOf("Key") },
      },
      POST: {
        summary: "Makes a key and shows it this once",
        body: newApiKeySchema,
        answers: {
          201: json("`{id, key}`.", {
            type: "object",
            required: ["id", "key"],
            properties: { id: { type: "string" }, key: { type: "string" } },
          }),
        },
      },
    },
    "/api/keys/:key": {
      GET: { summary: "Shows a key", answers: { 200: one("Key") } },
      PATCH: {
        summary: "Changes a key",
        isVersioned: true,
        body: apiKeyPatchSchema,
        answers: { 200: one("Key") },
      },
      DELETE: {
        summary: "Revokes a key",
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
  },
};

/** All of a list at once, as it is read and set. */
function list(item: z.ZodType): z.ZodType {
  return z.strictObject({
    items: z.array(item),
    version: z.int().optional(),
  });
}

export const LIMITS: Chapter = {
  tag: "Limits and money",
  description: "How much may be asked, spent, and what it costs.",
  operations: {
    "/api/limits": {
      GET: {
        summary: "Lists the limits of the workspace",
        answers: { 200: one("LimitPolicyList") },
      },
      PUT: {
        summary: "Sets the limits of the workspace, all at once",
        isVersioned: true,
        body: list(limitPolicySchema),
        answers: { 200: one("LimitPolicyList") },
      },
    },
    "/api/limits/effective": {
      GET: {
        summary: "Tells which limits and budgets hold, why, and what is left",
        query: {
          user: "Of whom; for admins anybody.",
          key: "By which key.",
          model: "For which model.",
        },
        answers: { 200: one("EffectiveLimits") },
      },
    },
    "/api/budgets": {
      GET: {
        summary: "Lists the budgets of the workspace",
        answers: { 200: allOf(null) },
      },
      PUT: {
        summary: "Sets the budgets of the workspace, all at once",
        isVersioned: true,
        body: list(budgetRuleSchema),
        answers: { 200: allOf(null) },
      },
    },
    "/api/prices": {
      GET: { summary: "Lists prices", answers: { 200: allOf(null) } },
      PUT: {
        summary: "Sets prices, all at once",
        isVersioned: true,
        body: list(priceSchema),
        answers: { 200: allOf(null) },
      },
    },
    "/api/audit": {
      GET: {
        summary: "Lists what was done in the workspace, newest first",
        query: { ...PAGE_QUERY, ...AUDIT_QUERY },
        answers: { 200: pageOf("AuditEntry") },
      },
    },
    "/api/audit/export": {
      GET: {
        summary: "The audit log as a file, oldest first",
        query: { format: "`jsonl` (unless told) or `csv`.", ...AUDIT_QUERY },
        answers: { 200: file("application/x-ndjson", "Lines, or CSV.") },
      },
    },
    "/api/audit/verify": {
      GET: {
        summary: "Checks the chain of hashes of the audit log",
        answers: { 200: one("AuditCheck") },
      },
    },
    "/api/mail": {
      GET: {
        summary: "Lists mails and what became of them",
        query: PAGE_QUERY,
        answers: { 200: pageOf("Mail") },
      },
    },
  },
};
