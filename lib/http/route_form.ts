/** The forms of routes, as they come without a script. */
import {
  newRouteSchema,
  routePatchSchema,
} from "@/lib/llm/catalog/provider_input.ts";
import { MAX_TARGET_ROWS } from "@/lib/shared/route_rows.ts";
import type { State } from "@/utils.ts";
import {
  acceptVersion,
  attemptForm,
  FormRefused,
  parseForm,
} from "./task_form.ts";

const SECOND_MS = 1_000;
const DEADLINES = ["connect", "firstToken", "tokenGap", "total"] as const;

const text = (form: URLSearchParams, name: string) =>
  form.get(name)?.trim() ?? "";

/** What is no number stays as it is, for the schema to refuse. */
function toNumber(typed: string): number | string {
  return typed !== "" && Number.isFinite(Number(typed)) ? Number(typed) : typed;
}

/** The rows that somebody has filled in, by their places. */
function toTargets(form: URLSearchParams) {
  const rows = Array.from({ length: MAX_TARGET_ROWS }, (_, row) => ({
    provider: text(form, `provider-${row}`),
    model: text(form, `model-${row}`),
    weight: toNumber(text(form, `weight-${row}`) || "1"),
    place: Number(text(form, `place-${row}`) || row + 1),
  }));
  return rows
    .filter(({ model }) => model !== "")
    .sort((left, right) => left.place - right.place)
    .map(({ place: _, ...target }) => target);
}

function toInput(form: URLSearchParams) {
  const deadlines = DEADLINES.flatMap((name) => {
    const seconds = toNumber(text(form, name));
    if (seconds === "") return [];
    return [[
      name,
      typeof seconds === "number" ? Math.round(seconds * SECOND_MS) : seconds,
    ]];
  });
  const retries = toNumber(text(form, "retries"));
  return {
    strategy: text(form, "strategy"),
    targets: toTargets(form),
    ...(retries === "" ? {} : { retries }),
    ...(deadlines.length === 0
      ? {}
      : { timeoutsMs: Object.fromEntries(deadlines) }),
  };
}

/** Words of the schema that speak of lists, said of the form. */
function inWords(error: unknown): unknown {
  if (!(error instanceof FormRefused)) return error;
  const { targets, timeoutsMs, ...errors } = error.form.errors;
  return new FormRefused(error.status, {
    ...error.form,
    errors: {
      ...errors,
      ...(targets === undefined ? {} : {
        targets: /small/i.test(targets) ? "Name one model at least" : targets,
      }),
      ...(timeoutsMs === undefined
        ? {}
        : { timeoutsMs: "Want seconds above 0, and at most a day" }),
    },
  });
}

/** @returns the id of the route @throws {FormRefused} */
export async function addRoute(
  { caller, services: { catalog } }: State,
  form: URLSearchParams,
): Promise<string> {
  try {
    const input = parseForm(newRouteSchema, {
      ...toInput(form),
      id: text(form, "id"),
    }, form);
    const made = await attemptForm(
      form,
      () => catalog.routes.create(caller, input),
    );
    return made.settings.id;
  } catch (error) {
    throw inWords(error);
  }
}

/** @throws {FormRefused} */
export async function saveRoute(
  { caller, services: { catalog } }: State,
  id: string,
  form: URLSearchParams,
): Promise<void> {
  try {
    const patch = parseForm(routePatchSchema, toInput(form), form);
    await attemptForm(
      form,
      () => catalog.routes.update(caller, id, patch, acceptVersion(form)),
    );
  } catch (error) {
    throw inWords(error);
  }
}

/** Switches a route off or on. @throws {FormRefused} */
export async function switchRoute(
  { caller, services: { catalog } }: State,
  id: string,
  isDisabled: boolean,
  form: URLSearchParams,
): Promise<void> {
  await attemptForm(
    form,
    () =>
      catalog.routes.update(caller, id, { isDisabled }, acceptVersion(form)),
  );
}

/** @throws {FormRefused} */
export async function removeRoute(
  { caller, services: { catalog } }: State,
  id: string,
  form: URLSearchParams,
): Promise<void> {
  await attemptForm(
    form,
    () => catalog.routes.remove(caller, id, acceptVersion(form)),
  );
}
