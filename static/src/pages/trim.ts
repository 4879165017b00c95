import { behaviour } from "../modules/behaviour";
import { TrimPage } from "../studio/trim";
import { keepPlayable } from "../watch/addresses";

behaviour("form[data-trimming] video", (video) => keepPlayable(video as HTMLVideoElement));

behaviour("form[data-trimming]", (form) => new TrimPage(form as HTMLFormElement));
