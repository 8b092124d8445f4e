/** The ledger: one row for each attempt (run and epoch) that reached a provider, and how it is stored. */

/** Who asked for the attempt: the chat, the maker of titles, a program over the API, or a batch of one. */
export type LedgerSource = "chat" | "title" | "v1" | "batch";

/** How an attempt ended. */
export type LedgerStatus = "completed" | "cancelled" | "failed" | "interrupted";

/** What one attempt used and cost. */
export interface LedgerRow {
  /** Run of the attempt. */
  run: string;
  /** Number of the attempt; the first is 1. */
  epoch: number;
  /** Request that began it, or null when no request did. */
  request: string | null;
  thread: string | null;
  user: string | null;
  /** API key, or null for a session. */
  key: string | null;
  /** Name of the model as the caller used it. */
  model: string;
  provider: string;
  source: LedgerSource;
  status: LedgerStatus;
  /** Tokens of the prompt, the cached ones among them. */
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  /** The provider reported no usage; the counts are an estimate. */
  estimated: boolean;
  /** Null: the model had no price, which is not 0. */
  costMicroUsd: number | null;
  /** Code of the error that ended it, or null. */
  error: string | null;
  /** When the provider was asked, RFC 3339 UTC with milliseconds. */
  startedAt: string;
  /** From then to the first delta, or null when none came. */
  firstTokenMs: number | null;
  /** From then to the end. */
  totalMs: number;
  /** What the response cache had to do with it; null: nothing. */
  cache: string | null;
  /** What the cache has saved, in micro-dollars; 0 unless told. */
  savedMicroUsd?: number;
  /** What this server took of the time, in milliseconds; not told where nobody waited for it. */
  overheadMs?: number;
}

/**
 * Version of the stored shape, the first element of each row. The second has what the cache has saved at
 * its end, the third that and the time that this server took.
 */
const VERSION = 1;
const VERSION_SAVED = 2;
const VERSION_OVERHEAD = 3;

/** Longest text of a field, in UTF-16 code units; the API takes names of models up to 200. */
const MAX_TEXT_CHARACTERS = 500;

const STATUSES: readonly string[] = [
  "completed",
  "cancelled",
  "failed",
  "interrupted",
];

/** How a field stands in the stored row. */
interface Field {
  name: keyof Omit<LedgerRow, "savedMicroUsd">;
  /** Whether a stored value is one of this field. */
  accepts: (value: unknown) => boolean;
}

const isText = (value: unknown) =>
  typeof value === "string" && value.length <= MAX_TEXT_CHARACTERS;
const isCount = (value: unknown) =>
  Number.isSafeInteger(value) && Number(value) >= 0;
const isDuration = (value: unknown) =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;
const orNull = (accepts: (value: unknown) => boolean) => (value: unknown) =>
  value === null || accepts(value);

/** In the order in which they are stored. That order is the format: a change of it is a new version. */
const FIELDS: readonly Field[] = [
  { name: "run", accepts: isText },
  { name: "epoch", accepts: isCount },
  { name: "request", accepts: orNull(isText) },
  { name: "thread", accepts: orNull(isText) },
  { name: "user", accepts: orNull(isText) },
  { name: "key", accepts: orNull(isText) },
  { name: "model", accepts: isText },
  { name: "provider", accepts: isText },
  // Any text: a newer release that shares the store may know more of them.
  { name: "source", accepts: isText },
  { name: "status", accepts: (value) => STATUSES.includes(String(value)) },
  { name: "inputTokens", accepts: isCount },
  { name: "cachedInputTokens", accepts: isCount },
  { name: "outputTokens", accepts: isCount },
  { name: "estimated", accepts: (value) => typeof value === "boolean" },
  { name: "costMicroUsd", accepts: orNull(isCount) },
  { name: "error", accepts: orNull(isText) },
  { name: "startedAt", accepts: isTime },
  { name: "firstTokenMs", accepts: orNull(isDuration) },
  { name: "totalMs", accepts: isDuration },
  { name: "cache", accepts: orNull(isText) },
];

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function isTime(value: unknown): boolean {
  return typeof value === "string" && TIME.test(value) &&
    !Number.isNaN(Date.parse(value));
}

/**
 * A row as compact JSON in UTF-8, to be packed into a ledger page.
 * @throws {TypeError} that names the field which cannot be stored
 */
export function encodeLedgerRow(row: LedgerRow): Uint8Array {
  const { savedMicroUsd = 0, overheadMs } = row;
  const values: unknown[] = [
    overheadMs !== undefined
      ? VERSION_OVERHEAD
      : savedMicroUsd !== 0
      ? VERSION_SAVED
      : VERSION,
  ];
  for (const { name, accepts } of FIELDS) {
    const value = row[name];
    assertField(name, accepts(value), value);
    values.push(value);
  }
  if (values[0] !== VERSION) {
    assertField("savedMicroUsd", isCount(savedMicroUsd), savedMicroUsd);
    values.push(savedMicroUsd);
  }
  if (overheadMs !== undefined) {
    assertField("overheadMs", isDuration(overheadMs), overheadMs);
    values.push(overheadMs);
  }
  return new TextEncoder().encode(JSON.stringify(values));
}

/**
 * The row out of what `encodeLedgerRow` made.
 * @throws {TypeError} when the bytes are no row of a version that this code knows
 */
export function decodeLedgerRow(bytes: Uint8Array): LedgerRow {
  const values = parse(bytes);
  const version = Number(values[0]);
  const isKnown = [VERSION, VERSION_SAVED, VERSION_OVERHEAD].includes(version);
  if (!isKnown || values.length !== FIELDS.length + version) {
    throw new TypeError(
      `Bytes are no ledger row of a version up to "${VERSION_OVERHEAD}"`,
    );
  }
  const row: Record<string, unknown> = {};
  for (const [index, { name, accepts }] of FIELDS.entries()) {
    const value = values[index + 1];
    assertRead(name, accepts(value), value);
    row[name] = value;
  }
  const [savedMicroUsd, overheadMs] = values.slice(FIELDS.length + 1);
  if (version >= VERSION_SAVED) {
    assertRead("savedMicroUsd", isCount(savedMicroUsd), savedMicroUsd);
    if (savedMicroUsd !== 0) row.savedMicroUsd = savedMicroUsd;
  }
  if (version >= VERSION_OVERHEAD) {
    assertRead("overheadMs", isDuration(overheadMs), overheadMs);
    row.overheadMs = overheadMs;
  }
  // Each field has been checked above.
  return row as unknown as LedgerRow;
}

function assertField(name: string, isRight: boolean, value: unknown): void {
  if (isRight) return;
  throw new TypeError(
    `Ledger row cannot be stored: "${name}" is "${describe(value)}"`,
  );
}

function assertRead(name: string, isRight: boolean, value: unknown): void {
  if (isRight) return;
  throw new TypeError(
    `Bytes are no ledger row: "${name}" is "${describe(value)}"`,
  );
}

function parse(bytes: Uint8Array): unknown[] {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new TypeError("Bytes are no ledger row: they are no JSON", { cause });
  }
  if (!Array.isArray(json)) {
    throw new TypeError("Bytes are no ledger row: they are no list");
  }
  return json;
}

const DESCRIBED_CHARACTERS = 60;

function describe(value: unknown): string {
  return String(value).slice(0, DESCRIBED_CHARACTERS);
}
