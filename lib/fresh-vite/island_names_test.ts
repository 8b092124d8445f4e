import assert from "node:assert/strict";
import { nameIslands } from "./island_names.ts";

const namesOf = (sources: string[]) =>
  nameIslands(sources, "/app/islands").map(({ name }) => name);

Deno.test("nameIslands: names islands after their files", () => {
  assert.deepEqual(
    namesOf([
      "/app/islands/Chat.tsx",
      "/app/islands/model-picker.tsx",
      "/app/islands/forms/Field.tsx",
      "/app/islands/3d.tsx",
      "/app/routes/x/(_islands)/Local.tsx",
    ]),
    ["Chat", "modelPicker", "formsField", "_3d", "Local"],
  );
});

Deno.test("nameIslands: gives each island a name of its own", () => {
  assert.deepEqual(
    namesOf([
      "/app/islands/Chat.tsx",
      "/app/routes/a/(_islands)/Chat.tsx",
      "/app/routes/b/(_islands)/Chat.tsx",
      "npm:some-islands/Chat",
    ]),
    ["Chat", "Chat_1", "Chat_2", "Chat_3"],
  );
});
