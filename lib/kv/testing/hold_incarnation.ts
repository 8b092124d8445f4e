/**
 * A process that begins an incarnation on a store and then waits to be killed. Prints the incarnation's
 * id on a line once it owns a run. Arguments: path of the store, id of the run.
 */
import { startIncarnation } from "../incarnation.ts";
import { ownKey } from "../keys.ts";
import { openStore } from "../open.ts";

if (import.meta.main) {
  const [location, run] = Deno.args;
  const store = await openStore({ location });
  const { id, lane } = await startIncarnation(store);
  await lane.write({
    sets: [{ key: ownKey(id, "r", run), value: { v: 1, ws: "wsp_1" } }],
    urgency: "now",
  });
  await Deno.stdout.write(new TextEncoder().encode(`${id}\n`));
  // Holds the process until it is killed.
  setInterval(() => {}, 60_000);
}
