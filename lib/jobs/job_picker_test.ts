import assert from "node:assert/strict";
import fc from "fast-check";
import { commit } from "@/lib/kv/commit.ts";
import { openStore } from "@/lib/kv/open.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import { type Busy, JobPicker, type Picked } from "./job_picker.ts";
import { JobQueues } from "./job_queues.ts";
import { JOB_PRIORITIES, type JobRecord } from "./job_record.ts";
import { JobStore, queueName } from "./job_store.ts";
import { kindOf, registryOf } from "./testing/job_rig.ts";
import { recordOf } from "./testing/job_records.ts";

const WORKSPACES = ["wsp_a", "wsp_b", "wsp_c", "wsp_d"];
const KINDS = ["test.one", "test.two", "test.three"];

const { signal } = new AbortController();

/** A store in which these jobs wait. */
async function waitingStore(jobs: readonly JobRecord[]) {
  const store = await openStore({ location: ":memory:" });
  const jobStore = new JobStore(store);
  for (const job of jobs) {
    await commit(store, jobStore.enqueue(new UnitOfWork(), job));
  }
  return store;
}

function busyWith(running: readonly Pick<JobRecord, "space" | "kind">[]): Busy {
  const count = (is: (job: Pick<JobRecord, "space" | "kind">) => boolean) =>
    running.filter(is).length;
  return {
    places: running.length,
    ofKind: (kind) => count((job) => job.kind === kind),
    inQueue: (workspace, kind) =>
      count((job) => workspaceOf(job.space) === workspace && job.kind === kind),
    inWorkspace: (workspace) =>
      count((job) => workspaceOf(job.space) === workspace),
    has: () => false,
  };
}

const job = fc.record({
  workspace: fc.constantFrom(...WORKSPACES),
  kind: fc.constantFrom(...KINDS),
  priority: fc.constantFrom(...JOB_PRIORITIES),
});

const situations = fc.record({
  waiting: fc.array(job, { maxLength: 60 }),
  running: fc.array(job, { maxLength: 12 }),
  places: fc.integer({ min: 1, max: 24 }),
  perProcess: fc.integer({ min: 1, max: 10 }),
  perWorkspace: fc.integer({ min: 1, max: 6 }),
  paused: fc.option(job, { nil: null }),
  isContended: fc.boolean(),
});

/** How many of a list there are of each name. */
function tally<T>(all: readonly T[], name: (each: T) => string) {
  return (wanted: string) => all.filter((each) => name(each) === wanted).length;
}

Deno.test("JobPicker: keeps every bound, takes nothing twice, and leaves nothing that it might begin", async () => {
  await fc.assert(
    fc.asyncProperty(situations, async (situation) => {
      const { places, perProcess, perWorkspace, paused } = situation;
      const waiting = situation.waiting.map((each, index) =>
        recordOf({
          id: `job_${String(index).padStart(3, "0")}`,
          space: `${each.workspace}/usr_a`,
          kind: each.kind,
          priority: each.priority,
        })
      );
      const running = situation.running.map(({ workspace, kind }) => ({
        space: `${workspace}/usr_a`,
        kind,
      }));
      const store = await waitingStore(waiting);
      const kinds = registryOf(
        KINDS.map((kind) =>
          kindOf(() => Promise.resolve({}), { kind, perProcess, perWorkspace })
        ),
      );
      const stopped = new Set(paused === null ? [] : [queueName(paused)]);
      const picker = new JobPicker(new JobQueues(store), kinds);
      const picked = await picker.pick({
        queues: await picker.look(signal),
        places,
        busy: busyWith(running),
        paused: stopped,
        isContended: situation.isContended,
        signal,
      });
      store.close();

      const ids = new Set(picked.map(({ id }) => id));
      assert.equal(ids.size, picked.length);
      assert.ok(picked.length <= Math.max(places - running.length, 0));
      const all = [
        ...picked,
        ...running.map(({ space, kind }) => ({
          workspace: workspaceOf(space),
          kind,
        })),
      ];
      const ofKind = tally(all, ({ kind }) => kind);
      const ofQueue = tally(all, queueName);
      const wasOfKind = tally(running, ({ kind }) => kind);
      for (const { kind, workspace } of picked) {
        assert.ok(ofKind(kind) <= Math.max(perProcess, wasOfKind(kind)));
        assert.ok(ofKind(kind) <= perProcess);
        assert.ok(ofQueue(queueName({ workspace, kind })) <= perWorkspace);
        assert.ok(!stopped.has(queueName({ workspace, kind })));
      }
      // Whatever is left has a bound that holds it.
      for (const { id, space, kind, priority } of waiting) {
        if (ids.has(id)) continue;
        const share = [1, 7 / 8, 3 / 4][JOB_PRIORITIES.indexOf(priority)];
        const name = queueName({ workspace: workspaceOf(space), kind });
        assert.ok(
          all.length >= Math.ceil(places * share) ||
            ofKind(kind) >= perProcess || ofQueue(name) >= perWorkspace ||
            stopped.has(name),
          `${id} might have begun`,
        );
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("JobPicker: places are shared evenly between all workspaces that have enough to do", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...WORKSPACES), { maxLength: 20 }),
      fc.array(fc.integer({ min: 0, max: 30 }), {
        minLength: WORKSPACES.length,
        maxLength: WORKSPACES.length,
      }),
      fc.integer({ min: 1, max: 40 }),
      async (held, backlogs, places) => {
        const waiting = backlogs.flatMap((backlog, place) =>
          Array.from({ length: backlog }, (_, index) =>
            recordOf({
              id: `job_${place}${String(index).padStart(3, "0")}`,
              space: `${WORKSPACES[place]}/usr_a`,
              kind: KINDS[index % KINDS.length],
              priority: "interactive",
            }))
        );
        const store = await waitingStore(waiting);
        const kinds = registryOf(
          KINDS.map((kind) =>
            kindOf(() => Promise.resolve({}), {
              kind,
              perProcess: 999,
              perWorkspace: 999,
            })
          ),
        );
        const picker = new JobPicker(new JobQueues(store), kinds);
        const picked = await picker.pick({
          queues: await picker.look(signal),
          places: places + held.length,
          // What other processes do counts as well as what this one does.
          busy: {
            ...busyWith([]),
            places: held.length,
            inWorkspace: tally(held, (name) => name),
          },
          paused: new Set(),
          isContended: false,
          signal,
        });
        store.close();
        assert.equal(picked.length, Math.min(places, waiting.length));
        const got = tally(picked, ({ workspace }: Picked) => workspace);
        const has = tally(held, (name) => name);
        for (const [place, poor] of WORKSPACES.entries()) {
          if (got(poor) === backlogs[place]) continue;
          for (const rich of WORKSPACES.filter((name) => got(name) > 0)) {
            assert.ok(
              has(rich) + got(rich) <= has(poor) + got(poor) + 1,
              `${rich} has more than ${poor}, which waits`,
            );
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("JobPicker: of more queues than one look takes in, each comes to its turn", async () => {
  const waiting = Array.from({ length: 600 }, (_, index) =>
    recordOf({
      id: `job_${String(index).padStart(3, "0")}`,
      space: `wsp_${String(index).padStart(3, "0")}/usr_a`,
      kind: "test.one",
    }));
  const store = await waitingStore(waiting);
  const kinds = registryOf([
    kindOf(() => Promise.resolve({}), { kind: "test.one", perProcess: 999 }),
  ]);
  const picker = new JobPicker(new JobQueues(store), kinds);
  const begun = new Set<string>();
  // Nothing is ever claimed, so only its turns decide who comes next.
  for (let round = 0; round < 60 && begun.size < 600; round += 1) {
    const picked = await picker.pick({
      queues: await picker.look(signal),
      places: 40,
      busy: { ...busyWith([]), has: (id) => begun.has(id) },
      paused: new Set(),
      isContended: false,
      signal,
    });
    for (const { id } of picked) begun.add(id);
  }
  store.close();
  assert.equal(begun.size, 600);
});
