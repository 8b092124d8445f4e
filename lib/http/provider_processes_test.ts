import assert from "node:assert/strict";
import type { ProviderDetails } from "@/lib/shared/wire.ts";
import { withOthers } from "./provider_processes.ts";

const DETAILS: ProviderDetails = {
  id: "a",
  baseUrl: "http://127.0.0.1:9/v1",
  key: "none",
  keyEnd: null,
  models: "discover",
  maxConnections: 4,
  source: "page",
  state: "draining",
  isDefault: false,
  routes: [],
  modelCount: null,
  connections: { open: 1, inUse: 1, waiting: 0 },
  health: [{
    model: "m1",
    breaker: "closed",
    coolingMs: 0,
    firstTokenMs: 10,
    recentEnded: 3,
    recentFailed: 1,
    inFlight: 1,
  }],
  createdAt: null,
  updatedAt: null,
  version: 1,
};

const target = (
  model: string,
  breaker: "closed" | "open",
  inFlight: number,
  provider = "a",
) => ({
  provider,
  model,
  breaker,
  failures: 0,
  coolingMs: 0,
  firstTokenMs: 20,
  inFlight,
  connections: { inUse: 2, waiting: 1 },
});

Deno.test("withOthers: counts the answers of all processes, and shows each model as it does worst", () => {
  const { connections, health } = withOthers(DETAILS, [
    { targets: [target("m1", "open", 1), target("m2", "closed", 1)] },
    { targets: [target("m1", "closed", 0), target("m1", "open", 9, "b")] },
    { targets: [] },
  ]);
  assert.deepEqual(connections, { open: 1, inUse: 5, waiting: 2 });
  assert.deepEqual(
    health.map(({ model, breaker, inFlight, firstTokenMs, recentEnded }) => [
      model,
      breaker,
      inFlight,
      firstTokenMs,
      recentEnded,
    ]),
    [["m1", "open", 2, 10, 3], ["m2", "closed", 1, 20, 0]],
  );
  assert.deepEqual(withOthers(DETAILS, []), DETAILS);
});
