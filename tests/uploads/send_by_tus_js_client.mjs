// Sends a file by tus-js-client: FILE ADDRESS [HEADER VALUE]...
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { Upload } from "tus-js-client";

const [file, endpoint, ...pairs] = process.argv.slice(2);
const headers = {};
while (pairs.length) headers[pairs.shift()] = pairs.shift();

const upload = new Upload(createReadStream(file), {
  endpoint,
  headers,
  metadata: { filename: basename(file) },
  uploadSize: statSync(file).size,
  chunkSize: Math.floor(statSync(file).size / 3),
  retryDelays: Array(200).fill(20),
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(upload.url);
  },
});
upload.start();
