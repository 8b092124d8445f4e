import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { AlertHistory } from "@/components/alerts/AlertHistory.tsx";
import { RuleForm } from "@/components/alerts/RuleForm.tsx";
import { RuleTable } from "@/components/alerts/RuleTable.tsx";
import { WhoIsTold } from "@/components/alerts/WhoIsTold.tsx";
import { AnomalyList } from "@/components/anomalies/AnomalyList.tsx";
import { Icon } from "@/components/Icon.tsx";
import AlertBoard from "@/islands/AlertBoard.tsx";
import { changeAlerts } from "@/lib/http/alert_form.ts";
import { loadAnomalies } from "@/lib/http/anomaly_list.ts";
import { readForm } from "@/lib/http/form.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

const HISTORY_LINES = 20;
const ANOMALY_LINES = 20;

/** What was done, in words, by what the address says. */
const DONE: Readonly<Record<string, string>> = {
  silenced: "Silenced",
  unsilenced: "The silence has ended",
  saved: "Rule saved",
  on: "Rule switched on",
  off: "Rule switched off",
  reset: "Taken back what was said of the rule",
  tested: "Test sent; it comes to everybody who is told of alerts",
};

async function load({ state, url, req }: Context<State>, form: FormState) {
  const { caller, services } = state;
  const { alerts, mailer } = services;
  const before = url.searchParams.get("before");
  const anomaly = url.searchParams.get("anomalies");
  const [places, current, rules, history, anomalies] = await Promise.all([
    loadPlaces(state),
    alerts.current(caller, req.signal),
    alerts.rules(caller, req.signal),
    alerts.history(
      caller,
      { limit: HISTORY_LINES, cursor: before },
      req.signal,
    ),
    loadAnomalies(
      state,
      { limit: ANOMALY_LINES, cursor: anomaly },
      req.signal,
    ),
  ]);
  const [scope, id] = editedOf(form, url);
  return {
    ...places,
    current,
    rules,
    history,
    isOlder: before !== null,
    anomalies,
    hasOlderAnomalies: anomaly !== null,
    form,
    edited:
      rules.items.find((rule) => rule.scope === scope && rule.id === id) ??
        null,
    done: DONE[url.searchParams.get("done") ?? ""] ?? "",
    hasMail: mailer.isOn,
  };
}

/** Whose rule is to be changed, and which: as the address has it, or a form that was refused. */
function editedOf({ values }: FormState, url: URL): string[] {
  if (values.action === "save" && values.version !== undefined) {
    return [values.scope, values.id];
  }
  return (url.searchParams.get("edit") ?? "").split(":");
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    try {
      const done = await changeAlerts(ctx.state, form);
      return ctx.redirect(`/admin/alerts?done=${done}`, 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/admin/alerts`: what is watched, what is not well, since when, and what to do about it. */
export default define.page<typeof handler>(function AlertsPage({ data }) {
  const { viewer, clock, current, rules, history, form, edited, done } = data;
  const isSave = form.values.action === "save";
  return (
    <AdminPage
      viewer={viewer}
      title="Alerts"
      lede="What is watched, what is not well, since when, and what to do about it."
      changes={["anomaly."]}
      tools={
        <a class="btn" href="#rule-form">
          <Icon name="plus" small />
          New rule
        </a>
      }
    >
      <p class="hint" role="status">{done}</p>
      {!isSave && form.errors[""] !== undefined && (
        <p class="field-error" role="alert">{form.errors[""]}</p>
      )}
      <AlertBoard
        alerts={current}
        watched={rules.items.filter(({ enabled }) => enabled).length}
        hasOwners={rules.versions.server !== null}
        nowMs={clock.nowMs}
      />
      <section class="section" aria-labelledby="anomalies">
        <h2 id="anomalies">Anomalies</h2>
        <AnomalyList
          anomalies={data.anomalies}
          isOlder={data.hasOlderAnomalies}
          nowMs={clock.nowMs}
          href="/admin/alerts"
        />
      </section>
      <section class="section" aria-labelledby="rules">
        <h2 id="rules">Rules</h2>
        <RuleTable rules={rules} nowMs={clock.nowMs} />
      </section>
      <section class="section" id="rule-form" aria-labelledby="rule-title">
        <h2 id="rule-title">
          {edited === null ? "New rule" : `Change “${edited.title}”`}
        </h2>
        <RuleForm
          rule={edited}
          versions={rules.versions}
          form={isSave ? form : EMPTY_FORM}
        />
      </section>
      <section class="section" aria-labelledby="history">
        <h2 id="history">History</h2>
        <AlertHistory
          history={history}
          isOlder={data.isOlder}
          nowMs={clock.nowMs}
        />
      </section>
      <section class="section" aria-labelledby="told">
        <h2 id="told">Who is told</h2>
        <WhoIsTold hasMail={data.hasMail} isOperator={viewer.isOperator} />
      </section>
    </AdminPage>
  );
});
