/** Reads one line from standard input; what is typed at a terminal is not shown. */

const ENTER = ["\r", "\n"];
const CONTROL_C = "\u0003";
const BACKSPACE = ["\u007f", "\b"];

/** @param prompt shown at a terminal, where somebody types */
export async function readSecretLine(prompt: string): Promise<string> {
  const { stdin, stderr } = Deno;
  const isTerminal = stdin.isTerminal();
  const say = (text: string) => stderr.write(new TextEncoder().encode(text));
  if (isTerminal) {
    await say(prompt);
    stdin.setRaw(true);
  }
  const decoder = new TextDecoder();
  const characters: string[] = [];
  const buffer = new Uint8Array(1_024);
  try {
    while (true) {
      const count = await stdin.read(buffer);
      if (count === null) return characters.join("");
      const text = decoder.decode(buffer.subarray(0, count), { stream: true });
      for (const character of text) {
        if (ENTER.includes(character)) return characters.join("");
        if (isTerminal && character === CONTROL_C) Deno.exit(130);
        if (isTerminal && BACKSPACE.includes(character)) characters.pop();
        else characters.push(character);
      }
    }
  } finally {
    if (isTerminal) {
      stdin.setRaw(false);
      await say("\n");
    }
  }
}
