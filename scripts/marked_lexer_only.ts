/**
 * A Vite plugin that leaves marked's parser and renderer out of the browser's script. Freshet uses the
 * lexer alone; but marked makes an instance of all it has when it loads, which no bundler can drop.
 * Where marked's file does not end as expected it stays whole, and the test of the script's size says so.
 */
import type { Plugin } from "vite";

/** What `lib/shared/markdown/lex.ts` imports. */
const KEPT = new Set(["Hooks", "Lexer", "Tokenizer", "getDefaults"]);

/** From the instance made at load time to the list of exports. */
const TAIL =
  /var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse\([\s\S]*?export\{([^}]*)\};/;

/** The code without what needs the parser. */
export function keepLexer(code: string): string {
  return code.replace(TAIL, (_tail, _instance, list: string) => {
    const kept = list.split(",").filter((entry) =>
      KEPT.has(entry.split(" as ").at(-1)!)
    );
    return `export{${kept.join(",")}};`;
  });
}

export function markedLexerOnly(): Plugin {
  return {
    name: "freshet:marked-lexer-only",
    apply: "build",
    transform(code, id) {
      if (!/\/marked\/lib\/marked\.esm\.js$/.test(id)) return null;
      return { code: keepLexer(code), map: null };
    },
  };
}
