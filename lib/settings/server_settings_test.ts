import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { openStore } from "@/lib/kv/open.ts";
import { SettingsBell } from "@/lib/kv/settings_bell.ts";
import { type ConfiguredSettings, ServerSettings } from "./server_settings.ts";
import { settingsPatchSchema } from "./settings_input.ts";

const CONFIGURED: ConfiguredSettings = {
  titles: { enabled: true, model: null },
  cache: {
    policy: "deterministic",
    scope: "workspace",
    ttlSeconds: 86_400,
    l1Bytes: 1_000,
  },
  requestLog: { bodies: false, redact: [] },
  admission: { maxStreams: 5 },
};

const CALLER = {
  workspace: "wsp_0000000000000000000000",
  user: "usr_0000000000000000000000",
  key: null,
  address: "127.0.0.1",
};

const any = () => {};

Deno.test("ServerSettings: what is set holds over the config file, until it is reset", async () => {
  const store = await openStore({ location: ":memory:" });
  try {
    const settings = new ServerSettings(store, CONFIGURED);
    const { cache, admission } = settings;
    const set = await settings.update(CALLER, {
      cache: { policy: "off" },
      admission: { maxStreams: null },
    }, any);
    // Whoever was given a part of the settings sees it.
    assert.equal(cache.policy, "off");
    assert.equal(cache.ttlSeconds, 86_400);
    assert.equal(admission.maxStreams, null);
    assert.deepEqual(set.set, ["cache.policy", "admission.maxStreams"]);
    assert.equal(set.configured.cache.policy, "deterministic");
    const reset = await settings.update(
      CALLER,
      { reset: ["cache.policy", "admission.maxStreams"] },
      any,
    );
    assert.equal(cache.policy, "deterministic");
    assert.equal(admission.maxStreams, 5);
    assert.deepEqual(reset.set, []);
    assert.equal(CONFIGURED.cache.policy, "deterministic");
  } finally {
    store.close();
  }
});

Deno.test("ServerSettings: another process has it after the bell, and one that starts has it at once", async () => {
  const store = await openStore({ location: ":memory:" });
  try {
    const other = new ServerSettings(store, CONFIGURED);
    const bell = new SettingsBell(store);
    bell.listen(() => other.refresh());
    await bell.look();
    const mine = new ServerSettings(store, CONFIGURED);
    await mine.update(CALLER, { requestLog: { bodies: true } }, any);
    assert.equal(other.requestLog.bodies, false);
    await bell.look();
    assert.equal(other.requestLog.bodies, true);
    const later = new ServerSettings(store, CONFIGURED);
    await later.refresh();
    assert.equal(later.requestLog.bodies, true);
  } finally {
    store.close();
  }
});

Deno.test("ServerSettings: what was changed meanwhile is not written over, and the audit log knows of each", async () => {
  const store = await openStore({ location: ":memory:" });
  try {
    const settings = new ServerSettings(store, CONFIGURED);
    await settings.update(CALLER, { titles: { enabled: false } }, any);
    const stale = (version: number) => {
      if (version !== 0) {
        throw new AppError({ status: 412, code: "stale", message: "" });
      }
    };
    await assert.rejects(
      settings.update(CALLER, { titles: { enabled: true } }, stale),
      (error) => error instanceof AppError && error.status === 412,
    );
    assert.equal(settings.titles.enabled, false);
    const events = await Array.fromAsync(
      store.kv.list<{ ev: { type: string; subject: string }[] }>({
        prefix: [CALLER.workspace, "e"],
      }),
    );
    assert.deepEqual(
      events.flatMap(({ value }) =>
        value.ev.map(({ type, subject }) => `${type} ${subject}`)
      ),
      ["settings.changed titles.enabled"],
    );
  } finally {
    store.close();
  }
});

Deno.test("settingsPatchSchema: what is no setting, or no value of one, is refused", () => {
  const bad = [
    { cache: { policy: "some" } },
    { cache: { ttlSeconds: 0 } },
    { cache: { l1Bytes: 1 } },
    { titles: { model: " " } },
    { admission: { maxStreams: 0 } },
    { requestLog: { redact: ["names"] } },
    { reset: ["auth"] },
    { auth: "local" },
  ];
  for (const patch of bad) {
    assert.equal(
      settingsPatchSchema.safeParse(patch).success,
      false,
      JSON.stringify(patch),
    );
  }
});
