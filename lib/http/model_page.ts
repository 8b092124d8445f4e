/** The page of models: which of them it shows, and what its forms say. */
import { AppError } from "@/lib/errors.ts";
import { isId } from "@/lib/shared/ids.ts";
import {
  type Audience,
  audienceOf,
  AUDIENCES,
  ruleFor,
} from "@/lib/shared/model_words.ts";
import type { ModelSetting, ModelSettings } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";
import {
  changeModelSettings,
  loadModelSettings,
  type ModelSettingsPatch,
} from "./model_settings.ts";
import { acceptVersion, attemptForm, FormRefused } from "./task_form.ts";

/** Models on a page. */
const PAGE_MODELS = 50;

/** How long the page waits for lists of models, in milliseconds. */
const MODELS_MS = 2_000;

/** Largest form: a page of models with their groups. */
export const MAX_MODEL_FORM_BYTES = 200_000;

/** Which models are shown. */
export interface ModelFilter {
  /** Part of a name. */
  q: string;
  /** `hidden`: those that lists do not show; `limited`: those that not everyone may ask. */
  show: "all" | "hidden" | "limited";
  /** From 1. */
  page: number;
}

export interface ModelPage {
  filter: ModelFilter;
  settings: ModelSettings;
  shown: ModelSetting[];
  /** Models that the filter finds, on all pages. */
  found: number;
  pages: number;
}

export function readModelFilter(params: URLSearchParams): ModelFilter {
  const show = params.get("show");
  const page = Number(params.get("page") ?? 1);
  return {
    q: (params.get("q") ?? "").trim().slice(0, 200),
    show: show === "hidden" || show === "limited" ? show : "all",
    page: Number.isInteger(page) && page >= 1 ? page : 1,
  };
}

/** The address of the page with a filter. */
export function modelPath({ q, show, page }: ModelFilter): string {
  const params = new URLSearchParams({
    ...(q === "" ? {} : { q }),
    ...(show === "all" ? {} : { show }),
    ...(page === 1 ? {} : { page: String(page) }),
  });
  return params.size === 0 ? "/admin/models" : `/admin/models?${params}`;
}

function find(
  { items }: ModelSettings,
  { q, show }: ModelFilter,
): ModelSetting[] {
  const part = q.toLowerCase();
  return items.filter((model) =>
    (model.id.toLowerCase().includes(part) ||
      model.name.toLowerCase().includes(part)) &&
    (show !== "hidden" || !model.isListed) &&
    (show !== "limited" || model.leastRole !== "viewer")
  );
}

export async function loadModelPage(
  state: State,
  filter: ModelFilter,
): Promise<ModelPage> {
  const signal = AbortSignal.timeout(MODELS_MS);
  const settings = await loadModelSettings(state, signal);
  const all = find(settings, filter);
  const pages = Math.max(1, Math.ceil(all.length / PAGE_MODELS));
  const page = Math.min(filter.page, pages);
  const from = (page - 1) * PAGE_MODELS;
  return {
    filter: { ...filter, page },
    settings,
    shown: all.slice(from, from + PAGE_MODELS),
    found: all.length,
    pages,
  };
}

function isAudience(text: string | null): text is Audience {
  return AUDIENCES.some(({ value }) => value === text);
}

/** Ids of the groups that a field names, with commas between them. @throws {FormRefused} */
async function toGroups(
  { caller, services: { groups } }: State,
  text: string,
): Promise<string[]> {
  const names = text.split(",").map((name) => name.trim())
    .filter((name) => name !== "");
  return await Promise.all(names.map(async (name) => {
    const [id] = await groups.byNames(caller.workspace, [name]);
    // One that is too old for the page's suggestions is shown by its id.
    if (id !== undefined || isId("grp", name)) return id ?? name;
    throw new FormRefused(400, {
      values: {},
      errors: { "": `There is no group “${name.slice(0, 80)}”.` },
    });
  }));
}

/** The rows of the form that say something else than what holds. */
async function toChanges(
  state: State,
  { items }: ModelSettings,
  form: URLSearchParams,
): Promise<NonNullable<ModelSettingsPatch["models"]>> {
  const byId = new Map(items.map((model) => [model.id, model]));
  const changes = form.getAll("model").map(async (id, row) => {
    const there = byId.get(id);
    if (there === undefined) return [];
    const isListed = form.get(`listed-${row}`) === "on";
    const audience = form.get(`audience-${row}`);
    const named = await toGroups(state, form.get(`groups-${row}`) ?? "");
    // In local mode there is nobody to tell apart.
    const rule = isAudience(audience)
      ? ruleFor(audience, named)
      : { leastRole: there.leastRole, groups: there.groups };
    const isSame = isListed === there.isListed &&
      rule.leastRole === there.leastRole &&
      rule.groups.join() === there.groups.join();
    return isSame ? [] : [{ id, isListed, ...rule }];
  });
  return (await Promise.all(changes)).flat();
}

/** Does what a form of the page asks for. @throws {FormRefused} */
export async function changeModels(
  state: State,
  filter: ModelFilter,
  form: URLSearchParams,
): Promise<void> {
  const signal = AbortSignal.timeout(MODELS_MS);
  const settings = await loadModelSettings(state, signal);
  const patch = await patchOf(state, settings, filter, form);
  await attemptForm(
    form,
    () => changeModelSettings(state, patch, acceptVersion(form)),
  );
}

async function patchOf(
  state: State,
  settings: ModelSettings,
  filter: ModelFilter,
  form: URLSearchParams,
): Promise<ModelSettingsPatch> {
  switch (form.get("action")) {
    case "save":
      return { models: await toChanges(state, settings, form) };
    case "default":
      return { defaultModel: form.get("defaultModel") || null };
    case "others": {
      const audience = form.get("audience");
      return {
        others: {
          isListed: form.get("isListed") === "on",
          ...(isAudience(audience)
            ? { leastRole: ruleFor(audience, []).leastRole }
            : {}),
        },
      };
    }
    case "list":
    case "hide": {
      const isListed = form.get("action") === "list";
      return {
        models: find(settings, filter)
          .filter((model) => model.isListed !== isListed)
          .map(({ id }) => ({ id, isListed })),
      };
    }
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

/** Models that a workspace may begin new threads with: those that everybody may ask. */
export function defaultChoices({ items, defaultModel }: ModelSettings) {
  return items.filter((model) =>
    model.id === defaultModel ||
    (model.isThere && audienceOf(model) === "everyone")
  );
}
