import { readdirSync, readFileSync } from "node:fs";
import { icons as lucide } from "@iconify-json/lucide";
import { defineConfig, type Plugin } from "vite";

// Every file of static/src/pages is an entry: a page's template links its own.
const pages = readdirSync("static/src/pages").map((name) => `static/src/pages/${name}`);

// How a line is drawn says css/components/icon.css.
const DRAWN = / (fill|stroke|stroke-linecap|stroke-linejoin|stroke-width)="[^"]*"/g;

// One file with the icons that static/icons.txt names.
function sprite(): Plugin {
  const symbol = (name: string) => {
    const named = lucide.aliases?.[name]?.parent ?? name;
    const icon = lucide.icons[named];
    if (!icon) throw new Error(`static/icons.txt: Lucide has no icon ${name}`);
    return `<symbol id="${name}" viewBox="0 0 24 24">${icon.body.replace(DRAWN, "")}</symbol>`;
  };
  return {
    name: "sprite",
    generateBundle() {
      const names = readFileSync("static/icons.txt", "utf8").trim().split("\n");
      const licence = "<!-- Icons from Lucide (lucide.dev), ISC License, © Lucide Contributors. -->";
      const source = `<svg xmlns="http://www.w3.org/2000/svg">\n${licence}\n${names.map(symbol).join("\n")}\n</svg>\n`;
      this.emitFile({ type: "asset", fileName: "icons.svg", source });
    },
  };
}

export default defineConfig({
  base: "./",
  publicDir: "static/public",
  plugins: [sprite()],
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
