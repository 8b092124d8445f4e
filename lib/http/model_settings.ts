/** What admins say of models: as the API and the page show it, and what may be said. */
import * as z from "zod";
import { ROLES } from "@/lib/auth/roles.ts";
import { otherRule, ruleOf } from "@/lib/model_access/model_rules.ts";
import type { ModelRule, ModelRules } from "@/lib/model_access/model_rules.ts";
import type { ModelSetting, ModelSettings } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";

const MAX_CHANGES = 1_000;
const MAX_GROUPS = 100;

const idSchema = z.string().min(1).max(264);

const changeSchema = z.strictObject({
  id: idSchema.describe("<provider>/<model>, or the id of a route"),
  isListed: z.boolean().optional().describe("Whether lists show it"),
  leastRole: z.enum(ROLES).nullable().optional()
    .describe(
      "Whoever has this role or a higher one may ask it; null: nobody by their role",
    ),
  groups: z.array(z.string().min(1).max(64)).max(MAX_GROUPS).optional()
    .describe("Ids of groups whose people may ask it besides"),
});

/** What changes of a workspace's models; what is missing stays. */
export const modelSettingsPatchSchema = z.strictObject({
  defaultModel: idSchema.nullable().optional()
    .describe("What new threads begin with; null: what the server takes"),
  models: z.array(changeSchema).max(MAX_CHANGES).optional(),
  others: z.strictObject({
    isListed: z.boolean().optional(),
    leastRole: z.enum(ROLES).nullable().optional(),
  }).optional()
    .describe("What holds for models without a rule, new ones among them"),
}).refine((patch) => Object.keys(patch).length > 0, {
  error: "say what to change",
});

export type ModelSettingsPatch = z.output<typeof modelSettingsPatchSchema>;

/** All models there are, and those that a rule names, with what holds for them in the caller's workspace. */
export async function loadModelSettings(
  { caller, services: { models, modelAccess } }: Pick<
    State,
    "caller" | "services"
  >,
  signal: AbortSignal,
): Promise<ModelSettings> {
  const [listed, rules, serverDefault] = await Promise.all([
    models.list(signal),
    modelAccess.read(caller.workspace),
    models.defaultModel(signal).catch(() => null),
  ]);
  const items = new Map<string, ModelSetting>();
  for (const { id: name, provider } of listed) {
    const id = models.destinationOf(name);
    // A model of the default provider comes by its plain name first.
    if (items.has(id)) continue;
    const { isListed, leastRole, groups } = ruleOf(rules, id);
    items.set(id, {
      id,
      name,
      provider,
      isListed,
      leastRole,
      groups: [...groups],
      isThere: true,
    });
  }
  for (const rule of rules.models) {
    if (items.has(rule.id)) continue;
    const slash = rule.id.indexOf("/");
    items.set(rule.id, {
      ...rule,
      name: rule.id,
      provider: slash < 0 ? "route" : rule.id.slice(0, slash),
      groups: [...rule.groups],
      isThere: false,
    });
  }
  return {
    items: [...items.values()],
    defaultModel: rules.defaultModel,
    others: rules.others,
    serverDefault,
    version: rules.version,
  };
}

/**
 * Changes what the caller's workspace says of models.
 * @param accept throws when the version that is there must not be changed
 * @throws {AppError} 404 `group_not_found`; what `accept` throws
 */
export async function changeModelSettings(
  { caller, services: { groups, modelAccess } }: Pick<
    State,
    "caller" | "services"
  >,
  { defaultModel, models = [], others }: ModelSettingsPatch,
  accept: (version: number) => void,
): Promise<ModelRules> {
  const named = new Set(models.flatMap((change) => change.groups ?? []));
  await groups.requireAll(caller.workspace, [...named]);
  return await modelAccess.change(caller, (rules) => {
    accept(rules.version);
    const byId = new Map<string, ModelRule>(
      rules.models.map((rule) => [rule.id, rule]),
    );
    for (const { id, ...change } of models) {
      const there = byId.get(id) ?? otherRule(id, rules.others);
      byId.set(id, { ...there, ...change });
    }
    return {
      defaultModel: defaultModel === undefined
        ? rules.defaultModel
        : defaultModel,
      models: [...byId.values()],
      others: { ...rules.others, ...others },
    };
  });
}
