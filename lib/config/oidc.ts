/** The section `oidc` of the config file: whom an identity provider lets in, and as what. */
import * as z from "zod";
import { ROLES } from "@/lib/auth/roles.ts";

/** Longest name of a group, scope or claim. */
const MAX_NAME = 200;

const name = z.string().trim().min(1).max(MAX_NAME);

const roleRule = z.strictObject({
  group: name.describe("Name of a group as the provider tells it"),
  role: z.enum(ROLES).describe("Role of whoever is in it"),
});

export const oidcSchema = z.strictObject({
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/))
    .max(20).default(["openid", "profile", "email"])
    .describe("What is asked of the provider; openid always is"),
  groupsClaim: name.default("groups")
    .describe(
      "Claim that holds the names of a person's groups; dots lead into objects, as in realm_access.roles",
    ),
  roles: z.array(roleRule).max(200).default([])
    .describe(
      "Roles by group, applied at each sign-in; of several the highest counts",
    ),
  defaultRole: z.enum(ROLES).nullable().default("member")
    .describe(
      "Role of a person whom no group gives one; null: only those in a group of roles, and those who were invited, get in",
    ),
  buttonLabel: z.string().trim().min(1).max(80).nullable().default(null)
    .describe(
      "Text of the button on the sign-in page; null: names the provider",
    ),
});

/** Whom an identity provider lets in, and as what. */
export type OidcSettings = z.output<typeof oidcSchema>;
