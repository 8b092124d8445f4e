/** Which requests have the same answer: the exact key of the cache, and who may share what. */
import { createHash, type Hash } from "node:crypto";
import type { CachePolicy, CacheSettings } from "@/lib/config/cache.ts";
import type { AnswerForm } from "./answer.ts";

/** Who asks; what he may share with whom depends on the scope in the settings. */
export interface CacheSubject {
  workspace: string;
  /** Null: the owner of this machine. */
  user: string | null;
  /** API key; null for a session. */
  key: string | null;
}

/** What decides an answer. */
export interface Question {
  subject: CacheSubject;
  /** Who is asked: `<provider>/<model>`, or the id of a route. */
  target: string;
  form: AnswerForm;
  /** The request's body: messages and all further fields. What cannot change the answer is left out here. */
  body: Readonly<Record<string, unknown>>;
}

/** Where the answer to a question is kept. */
export interface CacheKey {
  readonly workspace: string;
  /** SHA-256 of scope, form, target and canonical body, lower-case hexadecimal. */
  readonly hash: string;
  /** As the question has it; answers are purged by it. */
  readonly target: string;
  readonly form: AnswerForm;
  /** Whether concurrent requests with this key may share one upstream call. */
  readonly mayJoin: boolean;
}

/** Changes whenever other requests than before are to have the same key. */
const KEY_VERSION = 1;

/** Nobody asks this twice, and it would hold the event loop to hash it. UTF-16 code units. */
const MAX_BODY_CHARACTERS = 2_000_000;
/** Deeper data is an attack on whoever walks it. */
const MAX_DEPTH = 128;

/**
 * Fields that cannot change the answer: how it is delivered, who is told about it, where it is kept
 * (https://platform.openai.com/docs/api-reference/chat/create). The model is in the target.
 */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  "model",
  "stream",
  "stream_options",
  "user",
  "safety_identifier",
  "metadata",
  "store",
  "prompt_cache_key",
  "prompt_cache_retention",
]);

/** Whether the policy keeps the answer to a request with these fields. */
function isKept(policy: CachePolicy, body: Question["body"]): boolean {
  if (policy !== "deterministic") return policy === "all";
  return body.temperature === 0 || typeof body.seed === "number";
}

/** Answers with tools or of several choices are shared while they come only if all answers are. */
function mayJoin(policy: CachePolicy, body: Question["body"]): boolean {
  if (policy === "all") return true;
  const hasTools = (body.tools ?? body.functions ?? null) !== null;
  const hasChoices = typeof body.n === "number" && body.n > 1;
  return !hasTools && !hasChoices;
}

/** Who shares answers with the subject. */
function scopeOf(
  { scope }: CacheSettings,
  { workspace, user, key }: CacheSubject,
): unknown[] {
  if (scope === "workspace") return [scope, workspace];
  // A session has no key, so its user is the narrowest there is.
  return scope === "user" || key === null
    ? ["user", workspace, user]
    : ["key", workspace, key];
}

/**
 * The key of a question; null when its answer is not to be kept or shared: the policy says so, or the
 * body is too large or too deep to be worth it.
 */
export function cacheKey(
  settings: CacheSettings,
  question: Question,
): CacheKey | null {
  const { subject, target, form, body } = question;
  if (!isKept(settings.policy, body)) return null;
  const hash = createHash("sha256");
  hash.update(
    JSON.stringify([KEY_VERSION, scopeOf(settings, subject), form, target]),
  );
  if (!new CanonicalJson(hash).add(body)) return null;
  return {
    workspace: subject.workspace,
    hash: hash.digest("hex"),
    target,
    form,
    mayJoin: mayJoin(settings.policy, body),
  };
}

/** JSON without white space and with sorted names, put into a hash piece by piece. */
class CanonicalJson {
  #left = MAX_BODY_CHARACTERS;
  #text = "";

  constructor(private readonly hash: Hash) {}

  /** Whether the body was small and flat enough. */
  add(body: Question["body"]): boolean {
    const names = Object.keys(body).filter((name) => !WITHOUT_EFFECT.has(name));
    const isAdded = this.#object(body, names, 1);
    this.hash.update(this.#text);
    return isAdded && this.#left >= 0;
  }

  #object(
    value: Readonly<Record<string, unknown>>,
    names: string[],
    depth: number,
  ): boolean {
    this.#put("{");
    for (const name of names.sort()) {
      if (value[name] === undefined) continue;
      this.#put(`${JSON.stringify(name)}:`);
      if (!this.#value(value[name], depth + 1)) return false;
      this.#put(",");
    }
    this.#put("}");
    return true;
  }

  #value(value: unknown, depth: number): boolean {
    if (depth > MAX_DEPTH || this.#left < 0) return false;
    if (typeof value !== "object" || value === null) {
      this.#put(JSON.stringify(value ?? null));
      return true;
    }
    if (!Array.isArray(value)) {
      const record = value as Record<string, unknown>;
      return this.#object(record, Object.keys(record), depth);
    }
    this.#put("[");
    for (const item of value) {
      if (!this.#value(item, depth + 1)) return false;
      this.#put(",");
    }
    this.#put("]");
    return true;
  }

  #put(text: string): void {
    this.#left -= text.length;
    this.#text += text;
    if (this.#text.length < 65_536) return;
    this.hash.update(this.#text);
    this.#text = "";
  }
}
