/** The forms of `/admin/alerts`, as they come without a script. */
import {
  alertRuleSchema,
  type AlertRuleSettings,
} from "@/lib/config/alerts.ts";
import { AppError } from "@/lib/errors.ts";
import { isAlertMetric, metricOf } from "@/lib/shared/alert_metrics.ts";
import { formUnit } from "@/lib/shared/alert_words.ts";
import type { AlertOwner } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";
import { readOwner } from "./alert_query.ts";
import {
  acceptVersion,
  attemptForm,
  FormRefused,
  parseForm,
} from "./task_form.ts";

const MINUTE_MS = 60_000;

const FILTERS = ["model", "provider", "key", "user"] as const;

/** Names that a form has for what the schema calls otherwise. */
const FIELDS: Readonly<Record<string, string>> = {
  above: "limit",
  below: "limit",
};

/**
 * Does what a form asks for.
 * @returns what was done, in a word for the address of the page
 * @throws {FormRefused} when it cannot be done
 */
export async function changeAlerts(
  state: State,
  form: URLSearchParams,
): Promise<string> {
  switch (form.get("action")) {
    case "silence":
      return await silence(state, form);
    case "switch":
      return await switchRule(state, form);
    case "reset":
      await attemptForm(form, () =>
        state.services.alertSettings.resetRule(
          state.caller,
          ownerOf(form),
          form.get("id") ?? "",
          acceptVersion(form),
        ));
      return "reset";
    case "save":
      return await save(state, form);
    case "test":
      await attemptForm(
        form,
        () => state.services.alertSettings.test(state.caller, ownerOf(form)),
      );
      return "tested";
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

async function silence(
  { caller, services: { alertSettings, store } }: State,
  form: URLSearchParams,
): Promise<string> {
  const minutes = Number(form.get("minutes"));
  const untilMs = minutes === 0
    ? null
    : store.clock.now() + Math.round(minutes) * MINUTE_MS;
  await attemptForm(form, () =>
    alertSettings.silence(caller, {
      scope: ownerOf(form),
      rule: form.get("rule") ?? "",
      series: form.get("series"),
    }, untilMs));
  return untilMs === null ? "unsilenced" : "silenced";
}

/** Only whether it is watched changes; what else was said of it stays. */
async function switchRule(
  { caller, services: { alertSettings } }: State,
  form: URLSearchParams,
): Promise<string> {
  const owner = ownerOf(form);
  const id = form.get("id") ?? "";
  const enabled = form.get("enabled") === "yes";
  await attemptForm(form, async () => {
    const edited = await alertSettings.edited(caller, owner);
    const said = edited.find((rule) => rule.id === id);
    const rule = { ...said, id, enabled };
    await alertSettings.saveRule(caller, owner, rule, acceptVersion(form));
  });
  return enabled ? "on" : "off";
}

async function save(
  { caller, services: { alertSettings } }: State,
  form: URLSearchParams,
): Promise<string> {
  const owner = ownerOf(form);
  const rule = readRule(form);
  await attemptForm(form, async () => {
    const edited = await alertSettings.edited(caller, owner);
    // The form has no field for these.
    const { enabled, href } = edited.find(({ id }) => id === rule.id) ?? {};
    await alertSettings.saveRule(
      caller,
      owner,
      {
        ...(enabled === undefined ? {} : { enabled }),
        ...(href === undefined ? {} : { href }),
        ...rule,
      },
      // A new rule is added to whatever there is.
      form.has("version") ? acceptVersion(form) : () => {},
    );
  });
  return "saved";
}

function readRule(form: URLSearchParams): AlertRuleSettings {
  const text = (name: string) => (form.get(name) ?? "").trim();
  const given = (name: string) => text(name) === "" ? undefined : text(name);
  const metric = text("metric");
  const size = isAlertMetric(metric) ? formUnit(metric).size : 1;
  const isState = isAlertMetric(metric) && metricOf(metric).unit === "state";
  const typed = text("limit").replaceAll(",", "");
  // What is no number is refused by the schema.
  const limit = typed === "" || !Number.isFinite(Number(typed))
    ? typed
    : Number((Number(typed) * size).toPrecision(12));
  const where = Object.fromEntries(
    FILTERS.flatMap((name) =>
      given(name) === undefined ? [] : [[name, text(name)]]
    ),
  );
  const least = given("minRequests");
  const fields = {
    id: text("id"),
    metric,
    title: given("title"),
    ...(isState ? {} : {
      [text("side") === "below" ? "below" : "above"]: limit,
      window: text("window"),
    }),
    for: text("for"),
    clearFor: given("clearFor"),
    severity: text("severity"),
    minRequests: least === undefined ? undefined : Number(least),
    where,
    next: given("next"),
  };
  try {
    return parseForm(alertRuleSchema, dropAbsent(fields), form);
  } catch (error) {
    if (!(error instanceof FormRefused)) throw error;
    const errors = Object.fromEntries(
      Object.entries(error.form.errors).map(([name, message]) => [
        FIELDS[name] ?? name,
        name in FIELDS ? "Want a number" : message,
      ]),
    );
    throw new FormRefused(error.status, { ...error.form, errors });
  }
}

function dropAbsent(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  );
}

function ownerOf(form: URLSearchParams): AlertOwner {
  return readOwner(form.get("scope")) ?? "workspace";
}
