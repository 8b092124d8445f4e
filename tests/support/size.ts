/** `deno task test:long` runs counts of seeds and rounds in full; the gate shrinks them, never their kinds. */
const LONG = Deno.env.has("FRESHET_TEST_LONG");

/** A count for the gate, and the one for the long run. */
export function rounds(gate: number, long: number): number {
  return LONG ? long : gate;
}
