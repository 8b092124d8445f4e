/** Prints the folder the server may write to, for `--allow-write` of the start task. */
// deno-lint-ignore no-console -- the output is the command's result
console.log(Deno.env.get("DATA_DIR")?.trim() || "./data");
