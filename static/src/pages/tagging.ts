import { behaviour } from "../modules/behaviour";
import { TaggingPage } from "../studio/tagging";
import { keepPlayable } from "../watch/addresses";

behaviour("form[data-tagging] video", (video) => keepPlayable(video as HTMLVideoElement));

behaviour("form[data-tagging]", (form) => new TaggingPage(form as HTMLFormElement));
