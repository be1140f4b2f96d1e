// What a YAML reader of JavaScript makes of documents: a list of texts per line of stdin, a list of values per line of stdout.
//
//   NODE_PATH=FOLDER/node_modules node yaml_readers.js READER
//
// JSON has neither -0 nor a date nor an order of keys: so a number is {"number": "-0"}, an object {"object": [[key, value], …]},
// what else is no plain value {"other": what}, and a refusal {"error": why}.
"use strict";

function chosen(name) {
  switch (name) {
    case "yaml 1.2": return ((yaml) => (text) => yaml.parse(text, { logLevel: "error" }))(require("yaml"));
    case "yaml 1.1": return ((yaml) => (text) => yaml.parse(text, { logLevel: "error", version: "1.1" }))(require("yaml"));
    case "js-yaml 5": return require("js-yaml").load;
    case "js-yaml 4": return require("js-yaml-4").load;
    case "js-yaml 3": return require("js-yaml-3").safeLoad;
  }
}

function told(value) {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return { number: Object.is(value, -0) ? "-0" : String(value) };
  if (Array.isArray(value)) return value.map(told);
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return { object: Object.entries(value).map(([key, item]) => [key, told(item)]) };
  }
  return { other: Object.prototype.toString.call(value) + " " + String(value) };
}

function answered(read, text) {
  try {
    const value = read(text);
    return value === undefined ? null : told(value); // a text without a document, to js-yaml 4
  } catch (error) {
    return { error: String(error.message) };
  }
}

const read = chosen(process.argv[2]);
process.stdout.write("ready\n");
require("readline")
  .createInterface({ input: process.stdin, crlfDelay: Infinity })
  .on("line", (line) => {
    const values = JSON.parse(line).map((text) => answered(read, text));
    process.stdout.write(JSON.stringify(values) + "\n");
  });
