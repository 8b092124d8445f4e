import { defineConfig } from "vite";
import { fresh } from "@fresh/plugin-vite";
import { markedLexerOnly } from "./scripts/marked_lexer_only.ts";
import { plainImports, shellChunk } from "./scripts/plain_imports.ts";

export default defineConfig({
  plugins: [fresh(), markedLexerOnly(), plainImports(), shellChunk()],
  server: {
    host: Deno.env.get("HOST") || "127.0.0.1",
    port: Number(Deno.env.get("PORT")) || 8000,
    // The store's files change with each answer and are nobody's to download; the rest is Vite's default.
    fs: {
      deny: [".env", ".env.*", "*.{crt,pem}", "**/.git/**", "**/data/**"],
    },
    watch: { ignored: ["**/data/**"] },
  },
});
