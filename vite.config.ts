import { readdirSync } from "node:fs";
import { defineConfig } from "vite";

// Every file of static/src/pages is an entry: a page's template links its own.
const pages = readdirSync("static/src/pages").map((name) => `static/src/pages/${name}`);

export default defineConfig({
  base: "./",
  publicDir: "static/public",
  build: {
    outDir: "static/build",
    manifest: "manifest.json",
    target: "es2022",
    // A font or picture inside the CSS would be a data: address, which the
    // Content-Security-Policy allows for pictures only.
    assetsInlineLimit: 0,
    rolldownOptions: { input: pages },
  },
});
