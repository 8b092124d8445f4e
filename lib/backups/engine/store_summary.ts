/** Reads all rows of a store's file, to tell what is in it and whether it is what it was. */
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import type { StoreSummary } from "../backup_manifest.ts";

/** Version of the tables of Deno's store that this code knows. */
const KNOWN_TABLES = 3;
/** Value encoding of the store: V8's own. */
const ENCODING_V8 = 1;
/** How often it is told how far it is, in rows. */
const TOLD_EVERY_ROWS = 20_000;

interface Row {
  k: Uint8Array;
  v: Uint8Array;
  v_encoding: bigint;
  version: bigint;
}

/** A file that is no store, or one whose tables this program does not know. */
export class UnknownStore extends Error {
  override readonly name = "UnknownStore";
}

/**
 * @param tell hears how much of the rows has been read, from 0 to 1
 * @throws {UnknownStore} when the file holds no store of a known version
 */
export function summariseStore(
  db: DatabaseSync,
  tell: (value: number) => void = () => {},
): StoreSummary {
  assertKnown(db);
  const total = Number(
    db.prepare("SELECT count(*) AS rows FROM kv").get()?.rows,
  );
  const summary: StoreSummary = {
    generation: null,
    schema: null,
    rows: 0,
    threads: 0,
    messages: 0,
    people: 0,
    digest: "",
  };
  const hash = createHash("sha256");
  const lengths = new DataView(new ArrayBuffer(16));
  const select = db.prepare(
    "SELECT k, v, v_encoding, version FROM kv ORDER BY k",
  );
  select.setReadBigInts(true);
  for (const row of select.iterate() as Iterable<unknown> as Iterable<Row>) {
    lengths.setUint32(0, row.k.length);
    lengths.setUint32(4, row.v.length);
    lengths.setBigUint64(8, row.version);
    hash.update(new Uint8Array(lengths.buffer)).update(row.k).update(row.v);
    count(summary, row);
    if (summary.rows % TOLD_EVERY_ROWS === 0) tell(summary.rows / total);
  }
  return { ...summary, digest: hash.digest("hex") };
}

function assertKnown(db: DatabaseSync): void {
  let version: unknown;
  try {
    version = db.prepare("SELECT max(version) AS version FROM migration_state")
      .get()?.version;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UnknownStore(`The file is no store of Freshet: ${reason}`);
  }
  if (version !== KNOWN_TABLES) {
    throw new UnknownStore(
      `The file has tables of version "${version}"; this program knows "${KNOWN_TABLES}"`,
    );
  }
}

function count(summary: StoreSummary, row: Row): void {
  summary.rows += 1;
  const [space, kind, third] = textParts(row.k);
  if (space !== "sys") {
    if (kind === "t") summary.threads += 1;
    else if (kind === "m") summary.messages += 1;
    return;
  }
  if (kind === "user") summary.people += 1;
  if (third !== undefined || Number(row.v_encoding) !== ENCODING_V8) return;
  if (kind === "gen") summary.generation = String(deserialize(row.v).gen);
  else if (kind === "schema") {
    summary.schema = Number(deserialize(row.v).version);
  }
}

const TEXT_PART = 2;
const END = 0;
const ESCAPED = 0xff;
const decoder = new TextDecoder();

/** The texts with which a key begins, three at most: each is 02, UTF-8, 00, and 00 FF stands for a 00. */
function textParts(key: Uint8Array): string[] {
  const parts: string[] = [];
  let from = 0;
  while (parts.length < 3 && key[from] === TEXT_PART) {
    let to = from + 1;
    while (to < key.length && (key[to] !== END || key[to + 1] === ESCAPED)) {
      to += key[to] === END ? 2 : 1;
    }
    parts.push(decoder.decode(key.subarray(from + 1, to)));
    from = to + 1;
  }
  return parts;
}
