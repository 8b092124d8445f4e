/** What a caller may ask of users, groups, workspaces and invitations, checked. */
import * as z from "zod";
import { passwordFault } from "@/lib/config/sign_in.ts";
import { normaliseEmail } from "./email.ts";
import { ROLES } from "./roles.ts";

export const MAX_NAME_CHARACTERS = 100;

/** Groups that a user is in at most. */
const MAX_GROUPS = 50;

/** Longest password that is looked at when somebody signs in. */
const MAX_TRIED_PASSWORD_CHARACTERS = 2_000;
const MAX_TYPED_EMAIL_CHARACTERS = 500;

/** A name that people read, in one line. */
export const name = z.string().trim()
  .transform((text) => text.normalize("NFC").replace(/[\s\p{Cc}]+/gu, " "))
  .pipe(
    z.string().min(1, { error: "must not be empty" })
      .max(MAX_NAME_CHARACTERS, {
        error: `must have at most ${MAX_NAME_CHARACTERS} characters`,
      }),
  );

export const email = z.string().max(MAX_TYPED_EMAIL_CHARACTERS, {
  error: "must be an e-mail address",
}).transform((text, context) => {
  const address = normaliseEmail(text);
  if (address !== null) return address;
  context.addIssue({ code: "custom", message: "must be an e-mail address" });
  return z.NEVER;
});

/** A password that somebody chooses. */
export const newPassword = z.string().superRefine((text, context) => {
  const fault = passwordFault(text);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});

/** A password that somebody says is theirs: nothing is told about it before it is looked up. */
const triedPassword = z.string().max(MAX_TRIED_PASSWORD_CHARACTERS);

const role = z.enum(ROLES, { error: `must be one of ${ROLES.join(", ")}` });

const groups = z.array(z.string().min(1).max(40)).max(MAX_GROUPS, {
  error: `must have at most ${MAX_GROUPS} groups`,
}).transform((ids) => [...new Set(ids)]);

const token = z.string().max(200);

export const newUserSchema = z.strictObject({
  email,
  password: newPassword.optional(),
  role: role.default("member"),
  name: name.optional(),
  groups: groups.default([]),
  workspaceId: z.string().max(40).optional(),
});

export const userPatchSchema = z.strictObject({
  name: name.optional(),
  role: role.optional(),
  groups: groups.optional(),
  disabled: z.boolean().optional(),
});

export const newInvitationSchema = z.strictObject({
  email,
  role: role.default("member"),
  groups: groups.default([]),
});

export const newGroupSchema = z.strictObject({ name });
export const groupPatchSchema = z.strictObject({ name: name.optional() });
export const newWorkspaceSchema = z.strictObject({ name });

/** Longest that threads are kept, in days: a hundred years. */
export const MAX_THREADS_DAYS = 36_500;

export const workspacePatchSchema = z.strictObject({
  name: name.optional(),
  threadsDays: z.int({ error: "must be a whole number of days" })
    .min(1, { error: "must be at least 1 day" })
    .max(MAX_THREADS_DAYS, {
      error: `must be at most ${MAX_THREADS_DAYS} days`,
    }).nullable().optional(),
});

export const signInSchema = z.strictObject({
  email: z.string().max(MAX_TYPED_EMAIL_CHARACTERS),
  password: triedPassword,
});

export const sessionPatchSchema = z.strictObject({
  workspaceId: z.string().max(40),
});

export const passwordChangeSchema = z.strictObject({
  oldPassword: triedPassword,
  newPassword,
});

/** Asks for a link by which a password is reset. */
export const resetRequestSchema = z.strictObject({ email });

/** Uses such a link. */
export const passwordResetSchema = z.strictObject({
  token,
  password: newPassword,
});

export const invitationAnswerSchema = z.strictObject({
  token,
  name: name.optional(),
  password: newPassword.optional(),
});

export const setupSchema = z.strictObject({
  token,
  name,
  email,
  password: newPassword,
});

export type NewUser = z.output<typeof newUserSchema>;
export type UserPatch = z.output<typeof userPatchSchema>;
export type NewInvitation = z.output<typeof newInvitationSchema>;
export type NewGroup = z.output<typeof newGroupSchema>;
export type GroupPatch = z.output<typeof groupPatchSchema>;
export type NewWorkspace = z.output<typeof newWorkspaceSchema>;
export type WorkspacePatch = z.output<typeof workspacePatchSchema>;
export type Setup = z.output<typeof setupSchema>;
