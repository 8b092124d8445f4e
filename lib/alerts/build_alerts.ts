/** Builds what watches the server and its workspaces. */
import { buildAudience } from "@/lib/auth/mail_audience.ts";
import type { AlertRuleSettings } from "@/lib/config/alerts.ts";
import type { Consumer } from "@/lib/events/consumer.ts";
import type { Gauges } from "@/lib/health/gauges.ts";
import type { HealthHistory } from "@/lib/health/health_history.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { UsageQuery } from "@/lib/usage/usage_query.ts";
import { AlertConsumer } from "./alert_consumer.ts";
import { AlertEvaluator, type ProcessSource } from "./alert_evaluator.ts";
import { AlertSettings } from "./alert_settings.ts";
import { AlertSettingsStore } from "./alert_settings_store.ts";
import { AlertStore } from "./alert_store.ts";
import { AlertValues } from "./alert_values.ts";
import { Alerts } from "./alerts.ts";
import { ToldSignalStore } from "./told_signal_store.ts";
import { UsageMeasure } from "./usage_measure.ts";

export interface AlertBuildParts {
  store: ConstructorParameters<typeof AlertStore>[0];
  owner: { readonly incarnation: { readonly id: string } };
  config: {
    publicUrl: string | null;
    alerts: readonly AlertRuleSettings[];
  };
  users: Parameters<typeof buildAudience>[0]["users"];
  workspaces: Parameters<typeof buildAudience>[0]["workspaces"];
  usage: { query: Pick<UsageQuery, "ask"> };
  gauges: Pick<Gauges, "all">;
  healthHistory: Pick<HealthHistory, "processes">;
  consumers: { add(consumer: Consumer): void };
  log: Logger;
}

export interface AlertServices {
  /** Alerts for those who look at them. */
  alerts: Alerts;
  /** What people set of them. */
  alertSettings: AlertSettings;
  /** Looks at all rules, in one process of the store at a time. */
  alertEvaluator: AlertEvaluator;
}

export function buildAlerts(parts: AlertBuildParts): AlertServices {
  const { owner, config, consumers, log } = parts;
  const store = new AlertStore(parts.store);
  const settingsStore = new AlertSettingsStore(parts.store);
  const told = new ToldSignalStore(parts.store);
  const audience = buildAudience({ ...parts, publicUrl: config.publicUrl });
  consumers.add(
    new AlertConsumer({ store: told, subjectWords: audience.subjectWords }),
  );
  const usage = new UsageMeasure(parts.usage.query);
  const processes = processesOf(parts);
  const configured = config.alerts;
  const alerts = new Alerts({
    store,
    settings: settingsStore,
    configured,
    values: new AlertValues({ store, usage, processes }),
  });
  const alertSettings = new AlertSettings({ store: settingsStore, configured });
  return {
    alerts,
    alertSettings,
    alertEvaluator: new AlertEvaluator({
      store,
      settings: settingsStore,
      told,
      own: () => owner.incarnation.id,
      configured,
      usage,
      processes,
      log,
    }),
  };
}

function processesOf(
  { gauges, healthHistory }: Pick<AlertBuildParts, "gauges" | "healthHistory">,
): ProcessSource {
  return {
    async read(signal) {
      const processes = await healthHistory.processes(signal);
      return processes.filter(({ state }) => state === "up").map((process) => ({
        name: nameOf(process),
        values: process.gauges,
        targets: process.targets,
      }));
    },
    across: (gauge) =>
      gauges.all.find(({ id }) => id === gauge)?.across ?? "worst",
  };
}

/** What people call a process. */
function nameOf({ host, id }: { host: string; id: string }): string {
  return host === "" ? id : `${host} (${id.slice(-6)})`;
}
