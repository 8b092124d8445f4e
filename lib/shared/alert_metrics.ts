/** What alerts can be about: each measure with its words, its unit, and what to do when it is wrong. */

/** How a value is written: see `formatMetric`. */
export type MetricUnit =
  | "milliseconds"
  | "bytes"
  | "ratio"
  | "dollars"
  | "count"
  | "perSecond"
  | "state";

/**
 * Where a value comes from: `usage` out of the sums of the ledger, `gauge` out of the processes of the
 * server, `signal` out of what the program itself has found, such as a spent budget.
 */
export type MetricSource = "usage" | "gauge" | "signal";

/** Who is concerned: those who run the server, or those who run one workspace. */
export type AlertScope = "server" | "workspace";

export interface AlertMetric {
  /** What it is, as it begins a sentence: "Event-loop lag". */
  title: string;
  /** What is the matter when it is too much (or too little), as a short headline. */
  trouble: string;
  unit: MetricUnit;
  source: MetricSource;
  /** Which side of the limit is bad, unless a rule says otherwise. */
  bad: "above" | "below";
  /** Who may have a rule about it. */
  scopes: readonly AlertScope[];
  /** What to do next, in sentences. */
  next: string;
  /** Page that shows more. */
  href: string;
}

const SERVER = ["server"] as const;
const BOTH = ["server", "workspace"] as const;

const usage = (
  metric: Omit<AlertMetric, "source" | "scopes" | "bad"> & {
    bad?: "below";
  },
): AlertMetric => ({ bad: "above", ...metric, source: "usage", scopes: BOTH });

const gauge = (
  metric: Omit<AlertMetric, "source" | "scopes" | "bad"> & {
    bad?: "below";
  },
): AlertMetric => ({
  bad: "above",
  ...metric,
  source: "gauge",
  scopes: SERVER,
});

const HEALTH = "/admin/health";
const SLOW_MODEL =
  "Compare models and providers on the usage page. A route with least-latency or with a second target takes load off the slow one.";

/** All of them by name; rules, the config file and the API use these names. */
export const ALERT_METRICS = {
  error_rate: usage({
    title: "Share of failed answers",
    trouble: "Many answers fail",
    unit: "ratio",
    next:
      "Open the failed requests: the error of each says whether a provider, a limit or the network is at fault. A second target in the route takes over when a provider fails.",
    href: "/admin/requests?result=failed",
  }),
  errors: usage({
    title: "Failed answers",
    trouble: "Answers fail",
    unit: "count",
    next: "Open the failed requests: the error of each says what went wrong.",
    href: "/admin/requests?result=failed",
  }),
  requests: usage({
    title: "Requests",
    trouble: "Unusual number of requests",
    unit: "count",
    next:
      "Group usage by person and by key to see who asks. A limit for that person or key holds the rest harmless.",
    href: "/admin/usage?range=24h&groupBy=user",
  }),
  tokens: usage({
    title: "Tokens",
    trouble: "Unusual number of tokens",
    unit: "count",
    next:
      "Group usage by person and by key to see who uses them. A limit or a budget for that person or key bounds it.",
    href: "/admin/usage?range=24h&groupBy=user",
  }),
  cost: usage({
    title: "Cost",
    trouble: "Costs more than expected",
    unit: "dollars",
    next:
      "Group usage by model and by key to see what costs so much. A budget stops it at a sum that you choose.",
    href: "/admin/usage?range=24h&groupBy=model",
  }),
  unpriced_requests: usage({
    title: "Requests without a price",
    trouble: "Requests have no price",
    unit: "count",
    next: "Set a price for the model, so that its cost and budgets count.",
    href: "/admin/prices",
  }),
  ttft_p50: usage({
    title: "Time to first token (median)",
    trouble: "Models begin to answer late",
    unit: "milliseconds",
    next: SLOW_MODEL,
    href: "/admin/usage?range=24h&groupBy=model",
  }),
  ttft_p95: usage({
    title: "Time to first token (p95)",
    trouble: "Models begin to answer late",
    unit: "milliseconds",
    next: SLOW_MODEL,
    href: "/admin/usage?range=24h&groupBy=model",
  }),
  total_p95: usage({
    title: "Length of an answer (p95)",
    trouble: "Answers take long",
    unit: "milliseconds",
    next: SLOW_MODEL,
    href: "/admin/usage?range=24h&groupBy=model",
  }),
  overhead_p95: usage({
    title: "Freshet’s own share of the time (p95)",
    trouble: "The server itself is slow",
    unit: "milliseconds",
    next:
      "Look at event-loop lag and the latency of the store on the health page; the waterfall of a slow request names the stage.",
    href: HEALTH,
  }),
  tokens_per_second_p50: usage({
    title: "Tokens a second (median)",
    trouble: "Answers stream slowly",
    unit: "perSecond",
    bad: "below",
    next: SLOW_MODEL,
    href: "/admin/usage?range=24h&groupBy=model",
  }),

  event_loop_lag_ms: gauge({
    title: "Event-loop lag",
    trouble: "The event loop lags",
    unit: "milliseconds",
    next:
      "Look for blocking work: the log names the stages that were open while the loop stood still. Large imports, exports and scans belong into jobs.",
    href: HEALTH,
  }),
  memory_bytes: gauge({
    title: "Memory",
    trouble: "Memory is high, possibly a leak",
    unit: "bytes",
    next:
      "A line that only rises on the health page is a leak: note the version and what was done, and restart the process; running answers are carried on. If it rises with load, lower admission.maxStreams or the cache’s l1Bytes.",
    href: HEALTH,
  }),
  cpu_ratio: gauge({
    title: "CPU of a process",
    trouble: "A process uses much CPU",
    unit: "ratio",
    next:
      "See on the health page which work goes on; more processes on the same store share the load.",
    href: HEALTH,
  }),
  kv_read_ms: gauge({
    title: "Reading from the store",
    trouble: "The store reads slowly",
    unit: "milliseconds",
    next:
      "Check the disk of DATA_DIR (or the network to the remote store) and what else uses it.",
    href: HEALTH,
  }),
  kv_write_ms: gauge({
    title: "Writing to the store",
    trouble: "The store writes slowly",
    unit: "milliseconds",
    next:
      "Check the disk of DATA_DIR (or the network to the remote store) and what else uses it.",
    href: HEALTH,
  }),
  jobs_waiting: gauge({
    title: "Jobs that wait",
    trouble: "Jobs pile up",
    unit: "count",
    next:
      "See which kind of job waits. One that keeps failing can be paused; more processes on the same store work in parallel.",
    href: "/admin/jobs",
  }),
  jobs_running: gauge({
    title: "Jobs that run",
    trouble: "Many jobs run at once",
    unit: "count",
    next: "See which kind of job runs, and for whom.",
    href: "/admin/jobs",
  }),
  streams_active: gauge({
    title: "Answers in the making",
    trouble: "Many answers at once",
    unit: "count",
    next:
      "Near admission.maxStreams new requests are refused. Start another process on the same store, or raise the setting.",
    href: HEALTH,
  }),
  worker_busy_ratio: gauge({
    title: "Workers that are busy",
    trouble: "The workers are busy",
    unit: "ratio",
    next:
      "Documents and other heavy work take all workers. Wait for them, schedule large imports for the night, or start another process on the same store.",
    href: "/admin/jobs",
  }),
  cache_hit_ratio: gauge({
    title: "Hits of the cache",
    trouble: "The cache is of little use",
    unit: "ratio",
    bad: "below",
    next:
      "Prompts that change with each request (a date, an id) are never found. See cache.policy and cache.ttlSeconds.",
    href: "/admin/cache",
  }),
  cache_bytes: gauge({
    title: "Cache in memory",
    trouble: "The cache takes much memory",
    unit: "bytes",
    next: "Lower cache.l1Bytes.",
    href: "/admin/cache",
  }),
  store_bytes: gauge({
    title: "Size of the store",
    trouble: "The store grows",
    unit: "bytes",
    next:
      "Shorten the retention, or give the disk more room before it is full; a full disk stops all writing.",
    href: "/admin/settings",
  }),
  request_p95_ms: gauge({
    title: "Requests that do not stream (p95)",
    trouble: "Requests are slow",
    unit: "milliseconds",
    next:
      "See on the health page whether the event loop lags or the store is slow: either slows all requests. The header Server-Timing of each answer names the stage that takes the time.",
    href: HEALTH,
  }),
  upstream_sockets: gauge({
    title: "Connections to providers",
    trouble: "Many connections to providers",
    unit: "count",
    next: "Lower maxConnections of the provider, or raise FRESHET_MAX_FDS.",
    href: HEALTH,
  }),
  live_connections: gauge({
    title: "Live connections",
    trouble: "Many live connections",
    unit: "count",
    next: "Each open page has one. More processes share them.",
    href: HEALTH,
  }),
  event_lag: gauge({
    title: "Events that wait",
    trouble: "Events are told late",
    unit: "milliseconds",
    next:
      "The log says which subscriber fails and why; webhooks and mails come late until it works again.",
    href: HEALTH,
  }),
  descriptors: gauge({
    title: "Open descriptors",
    trouble: "Descriptors run short",
    unit: "count",
    next:
      "Raise the limit (ulimit -n) or FRESHET_MAX_FDS before connections are refused.",
    href: HEALTH,
  }),

  breaker_open: {
    title: "A model fails several times in a row",
    trouble: "A model fails and is left alone",
    unit: "state",
    source: "signal",
    bad: "above",
    scopes: SERVER,
    next:
      "Test the connection of the provider. Routes go on with their other targets; one request at a time finds out whether the model is back.",
    href: "/admin/providers",
  },
  provider_down: {
    title: "No model of a provider answers",
    trouble: "A provider is down",
    unit: "state",
    source: "signal",
    bad: "above",
    scopes: SERVER,
    next:
      "Test the connection: a refused key, a wrong address and an outage read differently. Give its routes a second provider, or drain it until it is back.",
    href: "/admin/providers",
  },
  budget_warned: {
    title: "Beyond the part after which a budget warns",
    trouble: "Most of a budget is spent",
    unit: "state",
    source: "signal",
    bad: "above",
    scopes: ["workspace"],
    next:
      "See what it was spent on, and raise the budget now if the work has to go on: once it is spent, requests are refused.",
    href: "/admin/budgets",
  },
  budget_exceeded: {
    title: "Requests are refused because a budget is spent",
    trouble: "A budget is spent",
    unit: "state",
    source: "signal",
    bad: "above",
    scopes: ["workspace"],
    next:
      "Requests that it is to pay for are refused until it begins anew. Raise it, or tell those who wait when that is.",
    href: "/admin/budgets",
  },
} as const satisfies Record<string, AlertMetric>;

export type AlertMetricName = keyof typeof ALERT_METRICS;

export const ALERT_METRIC_NAMES = Object.keys(
  ALERT_METRICS,
) as readonly AlertMetricName[];

export function isAlertMetric(text: string): text is AlertMetricName {
  return Object.hasOwn(ALERT_METRICS, text);
}

export function metricOf(name: AlertMetricName): AlertMetric {
  return ALERT_METRICS[name];
}
