import assert from "node:assert/strict";
import fc from "fast-check";
import { AppError } from "@/lib/errors.ts";
import { readMultipart } from "./multipart.ts";

const OPTIONS = {
  idleMs: 5_000,
  maxBytes: 10_000_000,
  tooLarge: () =>
    new AppError({ status: 413, code: "file_too_large", message: "Too large" }),
  signal: new AbortController().signal,
};
const TYPE = "multipart/form-data; boundary=bo-und";

function requestOf(
  body: Uint8Array<ArrayBuffer>,
  cuts: readonly number[],
  type = TYPE,
): Request {
  const places = [0, ...cuts.toSorted((a, b) => a - b), body.length];
  const pieces = places.slice(1).map((to, index) =>
    body.slice(places[index], to)
  );
  return new Request("http://localhost/", {
    method: "POST",
    headers: { "content-type": type },
    body: ReadableStream.from(pieces),
  });
}

interface Part {
  name: string;
  filename: string | null;
  mediaType: string | null;
  text: string;
}

async function read(request: Request): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const { body, ...about } of readMultipart(request, OPTIONS)) {
    parts.push({ ...about, text: await new Response(body).text() });
  }
  return parts;
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("readMultipart: reads what a browser's FormData sends, wherever the connection cuts it", async () => {
  const content = fc.array(
    fc.constantFrom("\r", "\n", "\r\n", "-", "--bo-und", "x", "ü", "\r\n--bo"),
    { maxLength: 12 },
  ).map((pieces) => pieces.join(""));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.string({ minLength: 1, maxLength: 5 }), content), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.array(fc.nat(), { maxLength: 30 }),
      async (fields, cuts) => {
        const form = new FormData();
        for (const [name, text] of fields) {
          // A blob stays as it is; a text would have its line ends changed.
          form.append(name.toWellFormed(), new Blob([text]), "a.txt");
        }
        const sent = new Response(form);
        const type = sent.headers.get("content-type")!;
        const body = await sent.bytes();
        const found = await read(
          requestOf(body, cuts.map((cut) => cut % body.length), type),
        );
        assert.deepEqual(
          found.map(({ text }) => text),
          fields.map(([, text]) => text),
        );
        assert.ok(found.every(({ filename }) => filename === "a.txt"));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("readMultipart: a name may be quoted, escaped either way, or bare", async () => {
  const cases: [string, string][] = [
    ['filename="a b.txt"', "a b.txt"],
    ['filename="a%22b"', 'a"b'],
    ['filename="a\\"b"', 'a"b'],
    ["filename=plain.txt", "plain.txt"],
    ['filename=""', ""],
  ];
  for (const [header, name] of cases) {
    const [part] = await read(requestOf(
      bytes(
        `--bo-und\r\nContent-Disposition: form-data; name="f"; ${header}\r\n\r\nx\r\n--bo-und--`,
      ),
      [],
    ));
    assert.equal(part.filename, name);
  }
});

Deno.test("readMultipart: a part that nobody reads is passed over", async () => {
  const body = bytes(
    [1, 2, 3].map((part) =>
      `--bo-und\r\nContent-Disposition: form-data; name="${part}"\r\n\r\n${
        "x".repeat(100_000)
      }\r\n`
    ).join("") + "--bo-und--\r\n",
  );
  const names: string[] = [];
  for await (const { name } of readMultipart(requestOf(body, [999]), OPTIONS)) {
    names.push(name);
  }
  assert.deepEqual(names, ["1", "2", "3"]);
});

for (
  const [what, body, code, type] of [
    ["nothing", "", "body_broken_off"],
    ["no boundary at all", "hello", "body_broken_off"],
    ["an end in the middle", "--bo-und\r\nContent-", "body_broken_off"],
    [
      "a part without an end",
      '--bo-und\r\nContent-Disposition: form-data; name="a"\r\n\r\nx',
      "body_broken_off",
    ],
    [
      "a part without headers",
      "--bo-und\r\n\r\nx\r\n--bo-und--",
      "invalid_multipart",
    ],
    [
      "a part without a name",
      "--bo-und\r\nContent-Disposition: form-data\r\n\r\nx\r\n--bo-und--",
      "invalid_multipart",
    ],
    [
      "headers without an end",
      `--bo-und\r\n${"x".repeat(20_000)}`,
      "invalid_multipart",
    ],
    ["something behind a boundary", "--bo-undX\r\n\r\n", "invalid_multipart"],
    ["another type", "x", "unsupported_media_type", "text/plain"],
    [
      "a type without a boundary",
      "x",
      "invalid_multipart",
      "multipart/form-data",
    ],
    [
      "a boundary that is too long",
      "x",
      "invalid_multipart",
      `multipart/form-data; boundary=${"x".repeat(71)}`,
    ],
  ] satisfies [string, string, string, string?][]
) {
  Deno.test(`readMultipart: ${what} is refused`, async () => {
    await assert.rejects(read(requestOf(bytes(body), [], type)), { code });
  });
}

Deno.test("readMultipart: a client that sends no more is given up", async () => {
  const request = new Request("http://localhost/", {
    method: "POST",
    headers: { "content-type": TYPE },
    body: new ReadableStream({
      start: (controller) => controller.enqueue(bytes("--bo-und\r\n")),
    }),
  });
  const parts = readMultipart(request, { ...OPTIONS, idleMs: 20 });
  await assert.rejects(parts.next(), { code: "body_timeout", status: 408 });
});

Deno.test("readMultipart: what comes before the first part counts against the limit, too", async () => {
  const endless = new Request("http://localhost/", {
    method: "POST",
    headers: { "content-type": TYPE },
    body: new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)),
    }),
  });
  await assert.rejects(read(endless), { code: "file_too_large" });
});
