// Reads a JSON list of LaTeX displays and prints one line for each that KaTeX refuses.
const katex = require("katex");
const displays = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const [name, latex] of displays) {
  try {
    katex.renderToString(latex, { displayMode: true, throwOnError: true, strict: "error", trust: false });
  } catch (error) {
    console.log(`${name}: ${error.message}`);
  }
}
console.log(`${displays.length} read`);
