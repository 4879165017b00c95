// A new file in css/components or css/pages is found by itself.
import "./css/fonts.css";
import "./css/reset.css";
import "./css/tokens.css";
import "./css/base.css";

import.meta.glob("./css/{components,pages}/*.css", { eager: true });
