/** A provider of the bench in a process of its own, so that its CPU is not counted. */

export interface ProviderProcess extends AsyncDisposable {
  /** Base URL up to and including `/v1`. */
  url: string;
}

/** @param tokens that each answer has */
export async function startProvider(
  tokens: number,
  tokensPerSecond: number,
): Promise<ProviderProcess> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      new URL("./transport_upstream.ts", import.meta.url).pathname,
      String(tokens),
      String(tokensPerSecond),
    ],
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream())
    .getReader();
  let printed = "";
  while (!printed.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("Provider of the bench ended at its start");
    printed += value;
  }
  return {
    url: printed.trim(),
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await reader.cancel();
      await process.status;
    },
  };
}
