/**
 * Prints how many descriptors a process may have open, for `FRESHET_MAX_FDS` of the start task: the
 * setting where there is one, else the limit of the system. It needs all permissions to read that, which
 * the server does not get.
 */
const FALLBACK = 1024;

function systemLimit(): number {
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? FALLBACK : Number(soft);
  } catch {
    // Not Linux.
    return FALLBACK;
  }
}

// deno-lint-ignore no-console -- the output is the command's result
console.log(Deno.env.get("FRESHET_MAX_FDS")?.trim() || systemLimit());
