// Viewer request function (runtime 2.0) of a CDN before the bucket of videos: checks
// the signature that the site has put into the address and takes it off, so that all
// viewers share one cached copy.  The key is the site's VIDEO_SIGNING_KEY.
const crypto = require("crypto");

const KEY = "put VIDEO_SIGNING_KEY here";
const ADDRESS =
  /^\/(shared|private)\/([\w-]+)\/(\d{1,12})\/((videos(?:\/[\w-][\w.-]*){1,2})(?:\/[\w-][\w.-]*)*)$/;

function handler(event) {
  const request = event.request;
  const parts = ADDRESS.exec(request.uri);
  if (!parts || parts[2] !== signature(`${parts[1]}/${parts[3]}/${parts[5]}`)) {
    return { statusCode: 404, statusDescription: "Not Found" };
  }
  if (Number(parts[3]) <= Date.now() / 1000) {
    return { statusCode: 403, statusDescription: "Forbidden" };
  }
  request.uri = `/${parts[4]}`;
  return request;
}

// As Django's Signer makes it.
function signature(signed) {
  const key = crypto.createHash("sha256").update(`videosigner${KEY}`).digest();
  return crypto.createHmac("sha256", key).update(signed).digest("base64url");
}
