// Reads [{payload, secret, timestamp}] and [{payload, secret, header}] as JSON; writes
// for the first the header that Stripe's own library signs with, for the second
// whether it accepts the header.
import { readFileSync } from "node:fs";
import Stripe from "stripe";

const { webhooks } = new Stripe("sk_test_unused");
const cases = JSON.parse(readFileSync(0, "utf8"));

function isAccepted({ payload, header, secret }) {
  try {
    webhooks.constructEvent(payload, header, secret);
    return true;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
    throw error;
  }
}

const answers = cases.map((one) =>
  "header" in one ? isAccepted(one) : webhooks.generateTestHeaderString(one),
);
process.stdout.write(JSON.stringify(answers));
