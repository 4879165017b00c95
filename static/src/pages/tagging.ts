import { behaviour } from "../modules/behaviour";
import { TaggingPage } from "../studio/tagging";

behaviour("form[data-tagging]", (form) => new TaggingPage(form as HTMLFormElement));
