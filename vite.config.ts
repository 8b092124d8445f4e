import { defineConfig } from "vite";
import { fresh } from "@fresh/plugin-vite";

export default defineConfig({
  plugins: [fresh()],
  server: {
    // The store's files change with each answer and are nobody's to download; the rest is Vite's default.
    fs: {
      deny: [".env", ".env.*", "*.{crt,pem}", "**/.git/**", "**/data/**"],
    },
    watch: { ignored: ["**/data/**"] },
  },
});
