/** What the APIs can do, in the order in which it is read. */
import { ALERTS } from "./alert_operations.ts";
import { ANOMALIES } from "./anomaly_operations.ts";
import { DOCUMENTS, EVENTS, JOBS } from "./background_operations.ts";
import { BACKUPS, SETTINGS } from "./backup_operations.ts";
import { ANSWERS, THREADS, WORK } from "./chat_operations.ts";
import { DOCTOR } from "./doctor_operations.ts";
import { GATEWAY } from "./gateway_operations.ts";
import { HEALTH } from "./health_operations.ts";
import { OPERATION } from "./operator_operations.ts";
import type { Chapter } from "./operation.ts";
import { ACCOUNT, LIMITS, PEOPLE } from "./people_operations.ts";
import { PROVIDERS } from "./provider_operations.ts";
import { REQUESTS } from "./request_operations.ts";
import { USAGE } from "./usage_operations.ts";

export const CHAPTERS: readonly Chapter[] = [
  GATEWAY,
  THREADS,
  ANSWERS,
  WORK,
  JOBS,
  DOCUMENTS,
  EVENTS,
  ACCOUNT,
  PEOPLE,
  LIMITS,
  USAGE,
  REQUESTS,
  ALERTS,
  ANOMALIES,
  PROVIDERS,
  HEALTH,
  OPERATION,
  BACKUPS,
  SETTINGS,
  DOCTOR,
];
