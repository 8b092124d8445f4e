/** How soon an event reaches those who listen: from its time to the socket's message, in two processes. */
import type { LiveMessage } from "@/lib/shared/live/live_wire.ts";
import { startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";

const SOCKETS = 500;
const SOCKETS_ELSEWHERE = 50;
const EVENTS = 100;
const BETWEEN_EVENTS_MS = 100;
/** The first events find code that was never run. */
const WARM_UP_EVENTS = 10;

export interface LiveEventTimes {
  /** Milliseconds from an event to each of the sockets of the process it happens in, sorted. */
  here: number[];
  /** The same to sockets of another process on the same file. */
  elsewhere: number[];
  /** Megabytes that a socket takes in the server, beside one without sockets. */
  megabytesPerSocket: number;
}

/** A crowd of sockets that note how old each event is when it comes. */
async function listen(url: string, count: number, into: number[]) {
  let open = 0;
  let heard = 0;
  const sockets = Array.from({ length: count }, () => {
    const socket = new WebSocket(
      `${url.replace("http", "ws")}/api/live?channels=threads`,
    );
    socket.onmessage = ({ data }) => {
      const nowMs = performance.timeOrigin + performance.now();
      const message: LiveMessage = JSON.parse(data);
      if (message.type === "hello") open += 1;
      if (message.type !== "thread.created" || !("at" in message)) return;
      heard += 1;
      into.push(Math.max(0, nowMs - Date.parse(message.at)));
    };
    return socket;
  });
  await waitFor(`${count} sockets`, () => open === count, 60_000);
  return {
    heard: () => heard,
    close: () => sockets.forEach((socket) => socket.close()),
  };
}

async function residentMegabytes(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) / 1_024;
}

export async function liveEventTimes(): Promise<LiveEventTimes> {
  const dataDir = await Deno.makeTempDir();
  const env = { FRESHET_MAX_FDS: "10000" };
  const here: number[] = [];
  const elsewhere: number[] = [];
  try {
    await using one = await startProcess(dataDir, { env });
    await using other = await startProcess(dataDir, { env });
    const create = async () => {
      const response = await one.post("/api/threads", {});
      await response.body?.cancel();
    };
    for (let count = 0; count < WARM_UP_EVENTS; count += 1) await create();
    const before = await residentMegabytes(one.child.pid);
    const crowds = [
      await listen(one.url, SOCKETS, here),
      await listen(other.url, SOCKETS_ELSEWHERE, elsewhere),
    ];
    const after = await residentMegabytes(one.child.pid);
    const total = async (events: number) => {
      const all = events * (SOCKETS + SOCKETS_ELSEWHERE);
      await waitFor(
        "every socket to hear",
        () => crowds.reduce((sum, { heard }) => sum + heard(), 0) >= all,
        60_000,
      );
    };
    for (let count = 0; count < WARM_UP_EVENTS; count += 1) await create();
    await total(WARM_UP_EVENTS);
    here.length = elsewhere.length = 0;
    for (let count = 0; count < EVENTS; count += 1) {
      await create();
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_EVENTS_MS));
    }
    await total(WARM_UP_EVENTS + EVENTS);
    for (const { close } of crowds) close();
    return {
      here,
      elsewhere,
      megabytesPerSocket: (after - before) / SOCKETS,
    };
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
