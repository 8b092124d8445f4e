/** The provider of the transport bench, in a process of its own so that its CPU is not counted. */
import { startFakeUpstream } from "@/tests/support/fake_upstream.ts";

const upstream = await startFakeUpstream({
  behaviour: {
    text: "token ".repeat(Number(Deno.args[0])),
    tokensPerSecond: Number(Deno.args[1]),
    split: false,
    usage: "own",
  },
});
console.log(upstream.url);
