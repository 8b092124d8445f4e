/** `/v1/files` over HTTP: uploads of all kinds, lists, ranges, and what is left of what went wrong. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { toFile } from "openai";
import { MAX_UPLOAD_BYTES } from "@/lib/files/files.ts";
import type { TestApp } from "../support/app.ts";
import { rawRequest } from "../support/raw_http.ts";
import { waitFor } from "../support/wait.ts";
import {
  blobRows,
  fieldPart,
  filePart,
  type RawPart,
  upload,
} from "./files_rig.ts";
import { clientOf, openAIError, startChat } from "./v1_rig.ts";

const BATCH = fieldPart("purpose", "batch");

async function uploaded(app: TestApp, parts: RawPart[]) {
  const response = await upload(app, parts);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

function random(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

Deno.test("/v1/files: the official client uploads, finds, reads and deletes a file", async () => {
  await using rig = await startChat();
  const client = clientOf(rig.app);
  const text = '{"a":1}\n'.repeat(20_000);
  const file = await client.files.create({
    file: await toFile(new TextEncoder().encode(text), "Flüsse 🌊.jsonl"),
    purpose: "user_data",
    expires_after: { anchor: "created_at", seconds: 3_600 },
  });
  assert.match(file.id, /^file-[0-9A-Za-z]{22}$/);
  assert.deepEqual(
    [file.object, file.bytes, file.filename, file.purpose, file.status],
    ["file", text.length, "Flüsse 🌊.jsonl", "user_data", "processed"],
  );
  assert.equal(file.expires_at, file.created_at + 3_600);
  assert.deepEqual(await client.files.retrieve(file.id), file);
  const content = await client.files.content(file.id);
  assert.equal(await content.text(), text);
  assert.deepEqual((await client.files.list()).data, [file]);
  assert.deepEqual(await client.files.delete(file.id), {
    id: file.id,
    object: "file",
    deleted: true,
  });
  await assert.rejects(client.files.retrieve(file.id), { status: 404 });
  await assert.rejects(client.files.content(file.id), { status: 404 });
  assert.deepEqual(await blobRows(rig.app), { open: 0, parts: 0 });
});

Deno.test("/v1/files: a form that is not one file with a purpose is refused, and leaves nothing", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const cases: [name: string, parts: RawPart[], param: string | null][] = [
    ["no file", [BATCH], "file"],
    ["a field in place of a file", [BATCH, fieldPart("file", "x")], "file"],
    ["two files", [BATCH, filePart("x"), filePart("y")], "file"],
    ["an empty file", [BATCH, filePart("")], "file"],
    ["no purpose", [filePart("x")], "purpose"],
    [
      "a purpose of ours",
      [filePart("x"), fieldPart("purpose", "batch_output")],
      "purpose",
    ],
    [
      "too short a life",
      [
        BATCH,
        filePart("x"),
        fieldPart("expires_after[anchor]", "created_at"),
        fieldPart("expires_after[seconds]", "60"),
      ],
      "expires_after.seconds",
    ],
    [
      "a life from another time on",
      [
        BATCH,
        filePart("x"),
        fieldPart("expires_after[anchor]", "last_active_at"),
        fieldPart("expires_after[seconds]", "3600"),
      ],
      "expires_after.anchor",
    ],
    ["a long field", [fieldPart("purpose", "x".repeat(70_000))], "purpose"],
  ];
  for (const [name, parts, param] of cases) {
    const error = await openAIError(
      await upload(app, parts),
      400,
      "invalid_request",
    );
    assert.equal(error.param, param, name);
  }
  assert.deepEqual(await blobRows(app), { open: 0, parts: 0 });
  const { data } = await (await app.fetch("/v1/files")).json();
  assert.deepEqual(data, []);
});

Deno.test("/v1/files: what is no form, or breaks off, is refused in OpenAI's shape", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const parts = [BATCH, filePart("x".repeat(200_000))];
  await openAIError(
    await upload(app, parts, { end: "" }),
    400,
    "body_broken_off",
  );
  await openAIError(
    await upload(app, [{ headers: ["X: y"], body: "" }]),
    400,
    "invalid_multipart",
  );
  await openAIError(
    await app.fetch("/v1/files", {
      method: "POST",
      headers: { "content-type": "multipart/form-data" },
      body: "x",
    }),
    400,
    "invalid_multipart",
  );
  await openAIError(
    await app.post("/v1/files", { purpose: "batch" }),
    415,
    "unsupported_media_type",
  );
  assert.deepEqual(await blobRows(app), { open: 0, parts: 0 });
});

Deno.test("/v1/files: fields come in any order, with a preamble, and around bytes that look like a boundary", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const body = "\r\n------freshe\r\n--\r\n------freshet".repeat(3_000) +
    "\r\n------fresheT--\r\n";
  // Only a line that begins so is a boundary.
  const bytes = body.replaceAll("\r\n------freshet", "------freshet");
  const response = await upload(app, [filePart(bytes), BATCH], {
    preamble: "Not of the form\r\n",
  });
  const file = await response.json();
  assert.equal(response.status, 200, JSON.stringify(file));
  const content = await app.fetch(`/v1/files/${file.id}/content`);
  assert.equal(await content.text(), bytes);
});

Deno.test("/v1/files: a name is taken as it is said, without folders and control characters", async () => {
  await using rig = await startChat();
  const names: [string, string][] = [
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\me\\a.csv", "a.csv"],
    ["Flüsse.jsonl", "Flüsse.jsonl"],
    ["a%22b.txt", 'a"b.txt'],
    ["..", "file"],
    ["a\u0007b.txt", "ab.txt"],
    [`${"x".repeat(400)}.txt`, "x".repeat(255)],
  ];
  for (const [sent, kept] of names) {
    const { filename } = await uploaded(rig.app, [BATCH, filePart("x", sent)]);
    assert.equal(filename, kept);
  }
});

Deno.test("/v1/files: a download names its file and runs nothing, whatever it is", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { id } = await uploaded(app, [BATCH, filePart("<script>", "ü.html")]);
  const { headers } = await app.fetch(`/v1/files/${id}/content`);
  assert.equal(headers.get("content-type"), "application/octet-stream");
  assert.equal(
    headers.get("content-disposition"),
    "attachment; filename=\"_.html\"; filename*=UTF-8''%C3%BC.html",
  );
  assert.equal(headers.get("x-content-type-options"), "nosniff");
});

Deno.test("/v1/files: a range is answered with its bytes, one that is none with 416", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const bytes = random(200_000);
  const { id } = await uploaded(app, [BATCH, filePart(bytes)]);
  const ranges: [string, number, number][] = [
    ["bytes=0-0", 0, 1],
    ["bytes=61439-61441", 61_439, 61_442],
    ["bytes=150000-", 150_000, 200_000],
    ["bytes=-5", 199_995, 200_000],
    ["bytes=100-999999", 100, 200_000],
  ];
  for (const [range, from, to] of ranges) {
    const response = await app.fetch(`/v1/files/${id}/content`, {
      headers: { range },
    });
    assert.equal(response.status, 206);
    assert.equal(
      response.headers.get("content-range"),
      `bytes ${from}-${to - 1}/200000`,
    );
    assert.deepEqual(await response.bytes(), bytes.subarray(from, to));
  }
  const beyond = await app.fetch(`/v1/files/${id}/content`, {
    headers: { range: "bytes=200000-" },
  });
  await openAIError(beyond, 416, "range_not_satisfiable");
  const several = await app.fetch(`/v1/files/${id}/content`, {
    headers: { range: "bytes=0-1,5-6" },
  });
  assert.equal((await several.bytes()).length, 200_000);
});

Deno.test("/v1/files: lists page in both orders and both ways, by purpose", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const ids: string[] = [];
  for (let index = 0; index < 7; index += 1) {
    const purpose = fieldPart("purpose", index % 2 ? "vision" : "batch");
    ids.push((await uploaded(app, [purpose, filePart("x")])).id);
  }
  const page = async (query: string) => {
    const body = await (await app.fetch(`/v1/files?${query}`)).json();
    assert.equal(body.object, "list");
    const found = body.data.map(({ id }: { id: string }) => ids.indexOf(id));
    assert.equal(body.first_id, ids[found[0]] ?? null);
    assert.equal(body.last_id, ids[found.at(-1)] ?? null);
    return [found, body.has_more];
  };
  assert.deepEqual(await page(""), [[6, 5, 4, 3, 2, 1, 0], false]);
  assert.deepEqual(await page("limit=3"), [[6, 5, 4], true]);
  assert.deepEqual(await page(`limit=3&after=${ids[4]}`), [[3, 2, 1], true]);
  assert.deepEqual(await page(`limit=3&after=${ids[2]}`), [[1, 0], false]);
  assert.deepEqual(await page("order=asc&limit=2"), [[0, 1], true]);
  assert.deepEqual(
    await page(`order=asc&limit=2&after=${ids[4]}`),
    [[5, 6], false],
  );
  assert.deepEqual(await page(`limit=2&before=${ids[3]}`), [[5, 4], true]);
  assert.deepEqual(await page("purpose=vision"), [[5, 3, 1], false]);
  assert.deepEqual(await page("purpose=assistants"), [[], false]);
  for (const query of ["limit=0", "limit=x", "order=up"]) {
    const response = await app.fetch(`/v1/files?${query}`);
    await openAIError(response, 400, "invalid_request");
  }
});

Deno.test("/v1/files: 20 uploads at once come back as they were", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const files = Array.from(
    { length: 20 },
    (_, index) => random(100_000 + index * 7_919),
  );
  const ids = await Promise.all(
    files.map(async (bytes) =>
      (await uploaded(app, [filePart(bytes), BATCH])).id
    ),
  );
  assert.equal(new Set(ids).size, 20);
  const back = await Promise.all(
    ids.map(async (id) =>
      await (await app.fetch(`/v1/files/${id}/content`)).bytes()
    ),
  );
  for (const [index, bytes] of files.entries()) {
    assert.ok(Buffer.from(back[index]).equals(Buffer.from(bytes)));
  }
  const { open } = await blobRows(app);
  assert.equal(open, 0);
});

Deno.test("/v1/files: an upload whose client goes away leaves nothing", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const cut = new AbortController();
  const sent = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
      ));
    },
    async pull(controller) {
      controller.enqueue(random(65_536));
      if ((await blobRows(app)).parts > 0) sent.resolve();
    },
  });
  const uploading = app.fetch("/v1/files", {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=x" },
    body,
    signal: cut.signal,
  });
  await sent.promise;
  cut.abort();
  await assert.rejects(uploading);
  await waitFor("what was to go", async () => {
    const { open, parts } = await blobRows(app);
    return open === 0 && parts === 0;
  });
});

/** What a server answers to the head of a request whose body never comes. */
async function firstBytes(url: string, lines: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(
    new TextEncoder().encode([...lines, "", ""].join("\r\n")),
  );
  const bytes = new Uint8Array(2_048);
  const length = await connection.read(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, length));
}

Deno.test("/v1/files: a length that lies is refused at once, or ends the upload", async () => {
  await using rig = await startChat();
  const { host } = new URL(rig.app.url);
  const head = [
    "POST /v1/files HTTP/1.1",
    `Host: ${host}`,
    "Content-Type: multipart/form-data; boundary=x",
  ];
  const form =
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--x--\r\n';
  const large = await firstBytes(rig.app.url, [
    ...head,
    `Content-Length: ${MAX_UPLOAD_BYTES + 2_000_000}`,
  ]);
  assert.match(large, /^HTTP\/1\.1 413/);
  const short = await rawRequest(rig.app.url, [
    ...head,
    `Content-Length: ${form.length - 20}`,
  ], form);
  assert.match(short, /^HTTP\/1\.1 400/);
  assert.deepEqual(await blobRows(rig.app), { open: 0, parts: 0 });
});

// 128 MB through a socket take seconds; the limit itself is tested beside the module.
Deno.test("/v1/files: more bytes than the limit are refused with the limit, and leave nothing", async () => {
  await using rig = await startChat();
  const { app } = rig;
  let sent = 0;
  const piece = random(1_000_000);
  const head = new TextEncoder().encode(
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
  );
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent > MAX_UPLOAD_BYTES + 5_000_000) return controller.close();
      controller.enqueue(sent === 0 ? head : piece);
      sent += piece.length;
    },
  });
  const response = await fetch(`${app.url}/v1/files`, {
    method: "POST",
    headers: { "content-type": "multipart/form-data; boundary=x" },
    body,
    signal: AbortSignal.timeout(240_000),
  });
  const error = await openAIError(response, 413, "file_too_large");
  assert.match(error.message, /128 MB/);
  assert.deepEqual(await blobRows(app), { open: 0, parts: 0 });
});

Deno.test("/v1/files: a file that has expired is gone, with its parts", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { services: { files, store } } = app;
  const space = "wsp_0000000000000000000000/v1";
  const record = await files.create(
    space,
    {
      name: "a.txt",
      mediaType: "text/plain",
      purpose: "user_data",
      expiresAtMs: store.clock.now() + 3_000,
    },
    new Response(random(100_000)).body!,
    { maxBytes: 1e6 },
  );
  assert.equal((await app.fetch(`/v1/files/${record.id}`)).status, 200);
  await waitFor(
    "what was to go",
    async () => (await app.fetch(`/v1/files/${record.id}`)).status === 404,
  );
  await files.sweep(AbortSignal.timeout(5_000));
  assert.deepEqual(await blobRows(app), { open: 0, parts: 0 });
});

Deno.test("/v1/files: a file that is deleted while it is read breaks off, and never as if whole", async () => {
  await using rig = await startChat();
  const { services: { files } } = rig.app;
  const space = "wsp_0000000000000000000000/v1";
  const { id } = await files.create(
    space,
    {
      name: "a.txt",
      mediaType: "text/plain",
      purpose: "user_data",
    },
    new Response(random(2_000_000)).body!,
    { maxBytes: 1e7 },
  );
  const reader = files.read(space, id).getReader();
  await reader.read();
  await files.remove(space, id);
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  }, { name: "StorageError" });
});
