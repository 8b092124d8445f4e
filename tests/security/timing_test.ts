/**
 * Secrets are never compared character by character: the time that takes tells how much of a guess is
 * right. They are found by their hash, or compared by `timingSafeEqual`.
 */
import assert from "node:assert/strict";
import { walkFiles } from "@/scripts/walk_files.ts";

/** A variable or field with a secret in it, by the end of its name. */
const SECRET =
  /(?:token|password|secret|signature|apikey|hash|digest|nonce|verifier|cookie)!?$/i;

/** An operand without the brackets around it; what a call gives back has no name. */
function nameIn(operand: string): string {
  const bare = operand.replace(/^[(!]+/, "").replace(/[);]+$/, "");
  return bare.includes("(") ? "" : bare;
}

/** What a secret may be held against without harm: nothing, an empty text, a number. */
const HARMLESS = /^[("'`]*(?:null|undefined|true|false|\d+)?[)"'`;,]*$/;

const OPERAND = String.raw`[\w.?!()[\]"'$]+`;
const EQUALITY = new RegExp(
  String.raw`(typeof\s+)?(${OPERAND})\s*(?:===?|!==?)\s*(${OPERAND})`,
  "g",
);
const SEARCH =
  /\.(?:includes|startsWith|endsWith|indexOf|localeCompare)\(([\w.?!]+)\)/g;

function comparesSecret(line: string): boolean {
  const isEqual = [...line.matchAll(EQUALITY)].some(([, type, left, right]) =>
    type === undefined &&
    (SECRET.test(nameIn(left)) || SECRET.test(nameIn(right))) &&
    !HARMLESS.test(left) && !HARMLESS.test(right) && !/^["']/.test(right)
  );
  return isEqual ||
    [...line.matchAll(SEARCH)].some(([, sought]) => SECRET.test(sought));
}

/** Comparisons of what no caller can choose, each with why. */
const ALLOWED: Record<string, string> = {
  "if (setting?.hash === hash) {":
    "the stored hash of the setting's key against the setting itself, at start",
  "return loaded === null || loaded.record.tokenHash !== link.hash":
    "two hashes of the store, the second found by the hash of what was given",
};

function comparisons(source: string): string[] {
  return source.split("\n").map((line) => line.trim()).filter((line) =>
    !/^(\*|\/\/|\/\*)/.test(line) && comparesSecret(line) &&
    !(line in ALLOWED)
  );
}

/** Where secrets are dealt with; elsewhere a token is a piece of text for a model or a parser. */
const FOLDERS = ["lib/auth", "lib/http", "lib/mail", "lib/net", "routes"];

Deno.test("timing: no secret is compared by ===, nor sought in a list or text", async () => {
  const found: string[] = [];
  let files = 0;
  for (const folder of FOLDERS) {
    for await (
      const path of walkFiles(folder, { extensions: [".ts", ".tsx"] })
    ) {
      if (/_test\.tsx?$|\/testing\//.test(path)) continue;
      files += 1;
      found.push(
        ...comparisons(await Deno.readTextFile(path)).map((line) =>
          `${path}: ${line}`
        ),
      );
    }
  }
  assert.ok(files > 100, `only ${files} files were read`);
  assert.deepEqual(found, []);
});

Deno.test("timing: the search sees what it is for, and nothing else", () => {
  for (
    const line of [
      "if (token === given) {",
      "return found.apiKey === key;",
      "if (given !== config.secret) throw wrong();",
      "const isRight = password == stored.password;",
      "if (tokens.includes(token)) return;",
      "return hashOf(text) === record.tokenHash;",
      "if (expected.startsWith(signature)) {",
    ]
  ) assert.deepEqual(comparisons(line), [line]);
  for (
    const line of [
      "if (token === null) return null;",
      'if (password !== "") {',
      "if (left.tokens === right.tokens) {",
      'if (typeof token === "string") {',
      "const cookie = read();",
      "// token === given",
      "if (undefined !== secret) {",
    ]
  ) assert.deepEqual(comparisons(line), [], line);
});
