// Where these scroll sideways they show the place where one is.
import { behaviour } from "./behaviour";

behaviour(".seller-nav [aria-current], .account-nav [aria-current]", (link) =>
  link.scrollIntoView({ block: "nearest", inline: "center" }),
);
