/** What a process of the load test has cost so far (proc(5)). */

/** The kernel counts processor time in these (sysconf(3), `_SC_CLK_TCK`). */
const TICKS_PER_SECOND = 100;

/** User and system time, in seconds. */
export async function cpuSeconds(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory, in megabytes. */
export async function residentMegabytes(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)![1]) / 1024;
}
