// On a phone the seller centre's navigation scrolls sideways: to where one is.
import { behaviour } from "./behaviour";

behaviour(".seller-nav [aria-current]", (link) =>
  link.scrollIntoView({ block: "nearest", inline: "center" }),
);
